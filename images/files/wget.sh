#!/bin/sh
# busybox wget as Debian builds it crashes on -T and refuses --timeout: busybox timeout does that part.
limit=
for argument do
  shift
  if [ "$next" = 1 ]; then limit=$argument; next=; continue; fi
  case $argument in
    -T) next=1 ;;
    -T*) limit=${argument#-T} ;;
    --timeout=*) limit=${argument#--timeout=} ;;
    *) set -- "$@" "$argument" ;;
  esac
done
if [ -n "$limit" ]; then exec busybox timeout "$limit" busybox wget "$@"; fi
exec busybox wget "$@"
