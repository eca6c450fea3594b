#!/bin/sh
# Print the path of a Chromium that the browser tests can drive. Installs Debian's where that may be done;
# otherwise fails with a sentence that says what to do.
set -eu
find_one() {
  for name in "${SAMSYN_TEST_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    [ -n "$name" ] && command -v "$name" && return 0
  done
  return 1
}
find_one && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >&2
  find_one && exit 0
fi
echo "The browser tests need Chromium. Install the package chromium (as root: apt-get install chromium), or set" \
  "SAMSYN_TEST_CHROMIUM to the path of one, and run make test again." >&2
exit 1
