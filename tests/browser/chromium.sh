#!/bin/sh
# Print the path of a Chromium that the browser tests can drive: the headless one where there is one, for it
# draws no window of its own and takes a quarter of the processor. Installs Debian's where that may be done;
# otherwise fails with a sentence that says what to do.
set -eu
find_one() {
  for name in "${SAMSYN_TEST_CHROMIUM:-}" chromium-headless-shell chromium google-chrome google-chrome-stable; do
    [ -n "$name" ] && command -v "$name" && return 0
  done
  return 1
}
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >&2
}
command -v "${SAMSYN_TEST_CHROMIUM:-chromium-headless-shell}" && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq >&2 && install chromium-headless-shell; } || find_one >/dev/null || install chromium || true
fi
find_one && exit 0
echo "The browser tests need Chromium. Install the package chromium-headless-shell or chromium (as root, by" \
  "apt-get install), or set SAMSYN_TEST_CHROMIUM to the path of one, and run make test again." >&2
exit 1
