# Checks the expert-distribution file before any GPU work: $1 is the file, $2 its SHA-256 or empty.
fail() {
  echo "$1" > /dev/termination-log
  echo "$1" >&2
  exit 1
}
[ -e "$1" ] || fail "expert-distribution file $1 is not on the volume: publish it, or correct experts.distribution"
[ -r "$1" ] || fail "expert-distribution file $1 cannot be read: check its owner and mode on the volume"
[ -s "$1" ] || fail "expert-distribution file $1 is empty: publish it again"
[ -n "$2" ] || exit 0
sha256sum "$1" | {
  read -r found _
  [ "$found" = "$2" ] || fail "expert-distribution file $1 has SHA-256 $found, planned for $2: another file was published under this name"
}
