// A registry in memory for charts, apart from the cluster's programs, which need none of its requirements.

module dsv4-deploy/scripts/golang/registry

go 1.26.0

tool github.com/google/go-containerregistry/cmd/registry

require github.com/google/go-containerregistry v0.22.1 // indirect
