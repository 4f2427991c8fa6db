# The cluster's domain is in the search list of the pod.
domain=cluster.local
while read -r keyword rest; do
  [ "$keyword" = search ] || continue
  for suffix in $rest; do
    case $suffix in svc.*) domain=${suffix#svc.} ;; esac
  done
done < /etc/resolv.conf
# glibc waits for five seconds otherwise, musl does not know the variable.
export RES_OPTIONS="timeout:1 attempts:2"

# The addresses of the pods, in the same order everywhere; none while DNS is away, or the name.
addresses() {
  getent ahosts "{{ endpoints }}.$domain." | while read -r address kind rest; do
    case $kind in STREAM*) echo "$address" ;; esac
  done | sort -u
}

# As it stands in a URL.
host() {
  case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac
}

# Has the pods taken whenever they change, or a file that is read anew does: `take` is told their addresses.
follow() {
  while sleep 1; do
    now=$(addresses)
    # Without an answer the pods stay that are known.
    [ -n "$now" ] || now=$known
    file=$(look)
    if [ "$now $file" != "$known $seen" ]; then
      known=$now
      seen=$file
      take "$known"
    fi
  done
}
