# Checks the expert-distribution file before any GPU work: $1 is the file, $2 its SHA-256 or empty.
fail() {
  echo "expert-distribution file $1" >&2
  echo "expert-distribution file $1" > /dev/termination-log
  exit 1
}
if [ -L "$1" ] && [ ! -e "$1" ]; then fail "$1 is a link to what is not there: publish the file again"; fi
[ -e "$1" ] || fail "$1 is not on the volume: publish it, or correct experts.distribution"
[ ! -d "$1" ] || fail "$1 is a directory: correct experts.distribution.path"
[ -r "$1" ] || fail "$1 cannot be read: check its owner and mode on the volume"
[ -s "$1" ] || fail "$1 is empty: publish it again"
[ -n "$2" ] || exit 0
said=$(sha256sum < "$1") || fail "$1 cannot be read to its end: check the volume"
[ "${said%% *}" = "$2" ] || fail "$1 has SHA-256 ${said%% *}, planned for $2: another file was published under this name"
