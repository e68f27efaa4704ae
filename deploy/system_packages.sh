#!/bin/sh
# Debian packages the project needs: `python` for a virtual environment, `test` for the real servers of the tests, `bench`
# for those it measures against besides.
# Installs only what is missing and only as root; otherwise says what to ask for. `has-all` answers by exit status.
set -eu

# libatomic1: the browser driver that Playwright ships needs it.
TEST_PACKAGES="mosquitto mosquitto-clients influxdb nginx-light postgresql chromium fonts-noto-core libatomic1"

BENCH_PACKAGES="$TEST_PACKAGES victoria-metrics"

missing_packages() {
    for package in $1; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
    done
}

install_packages() {
    missing=$(missing_packages "$1")
    [ -z "$missing" ] && return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Not installed (needs root on Debian): $missing" >&2
        return 0
    fi
    echo "Installing $missing..."
    # A server package must not start a service on a machine that only runs tests.
    policy=/usr/sbin/policy-rc.d
    made_policy=""
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        made_policy=yes
    fi
    export DEBIAN_FRONTEND=noninteractive
    status=0
    # shellcheck disable=SC2086
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >/tmp/ecopark-apt.log 2>&1 || status=$?
    [ -n "$made_policy" ] && rm -f "$policy"
    if [ "$status" -ne 0 ]; then
        tail -n 20 /tmp/ecopark-apt.log >&2
        echo "apt-get could not install: $missing" >&2
    fi
    return "$status"
}

case "${1:-}" in
python)
    "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null && exit 0
    install_packages "python3-venv"
    "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null && exit 0
    echo "Python's venv module is missing. Run: sudo apt install python3-venv, then make again." >&2
    exit 1
    ;;
test) install_packages "$TEST_PACKAGES" ;;
bench) install_packages "$BENCH_PACKAGES" ;;
has-all) [ -z "$(missing_packages "$TEST_PACKAGES")" ] ;;
*)
    echo "usage: $0 python | test | bench | has-all" >&2
    exit 2
    ;;
esac
