#!/bin/sh
# Makes what deploy/compose.yaml needs before its first start and what git must never see: a private CA, the broker's
# certificate, one random password per gateway and for ingest, the tokens of InfluxDB and Grafana, and the data folders.
#
# usage: make_credentials.sh [FOLDER] [GATEWAY...]        default: deploy/secrets gw-east gw-west gw-utilities
#        make_credentials.sh --add FOLDER GATEWAY...      passwords for more gateways of an existing folder
#
# Environment:
#   ECOPARK_BROKER_NAMES  further host names or addresses under which gateways reach the broker, separated by blanks
#   ECOPARK_DATA          where containers keep their data (default: the folder `data` beside FOLDER)
#   ECOPARK_USER          UID:GID that owns it all and runs the containers (default: you; for root 10001:10001)
#
# Everything is random, readable by its owner only (600), never overwritten and never printed.
set -eu
umask 077

DAYS=3650
INGEST_USER=ecopark-ingest
HEALTH_USER=ecopark-health

fail() {
    echo "make_credentials.sh: $1" >&2
    exit 2
}

random_secret() {
    openssl rand -hex 32
}

check_names() {
    for name in "$@"; do
        case "$name" in
        "$INGEST_USER" | "$HEALTH_USER") fail "'$name' is not a gateway: the name is taken" ;;
        *[!a-z0-9_-]* | -* | "") fail "gateway '$name': only a-z, 0-9, - and _ belong in its id" ;;
        esac
    done
}

# The password of user $1 goes to file $2; its hash is added to the broker's password file. No secret on a command line.
add_broker_user() {
    [ ! -e "$2" ] || fail "$2 is there already; nothing is overwritten"
    random_secret >.new_password
    printf '%s:%s\n' "$1" "$(cat .new_password)" >.new_broker_user
    mosquitto_passwd -U .new_broker_user
    cat .new_broker_user >>broker_passwords
    mv .new_password "$2"
    rm .new_broker_user
}

alternative_names() {
    printf 'DNS:mosquitto,DNS:localhost,IP:127.0.0.1'
    for name in ${ECOPARK_BROKER_NAMES:-}; do
        case "$name" in
        *[!0-9A-Za-z.:-]*) fail "ECOPARK_BROKER_NAMES: '$name' is neither a host name nor an address" ;;
        *:* | [0-9]*.[0-9]*.[0-9]*.*[0-9]) printf ',IP:%s' "$name" ;;
        *) printf ',DNS:%s' "$name" ;;
        esac
    done
}

make_certificates() {
    names=$(alternative_names)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$DAYS" \
        -subj "/CN=Ecopark private CA" -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out ca.crt
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
        -subj "/CN=Ecopark broker" -keyout server.key -out server.csr
    cat >server.ext <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=$names
END
    openssl x509 -req -sha256 -days "$DAYS" -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial \
        -extfile server.ext -out server.crt
    rm server.csr server.ext
}

write_compose_settings() {
    cat >compose.env <<END
# Settings of deploy/compose.yaml that differ from park to park. No secret stands here.
ECOPARK_USER=$owner
ECOPARK_SECRETS=$folder
ECOPARK_DATA=$data
# Your park register; without this line the invented demo park.
#ECOPARK_PARK=/srv/ecopark/park
# Nothing is expected, and nothing judged, before this day (the register's monitoring_since counts when it is later).
ECOPARK_EVALUATE_FROM=$(date +%Y-%m-%d)
# Where letters to tenants go: Mailpit keeps them all (trial); put your mail server here to send them.
ECOPARK_SMTP_HOST=mailpit
ECOPARK_SMTP_PORT=1025
ECOPARK_SMTP_STARTTLS=false
ECOPARK_MAIL_FROM=ecopark@localhost
# The console's address as its readers know it: letters link to it.
ECOPARK_CONSOLE_ADDRESS=http://localhost:8000
END
}

hand_over() {
    [ "$(id -u)" -ne 0 ] || chown -R "$owner" "$@"
}

for tool in openssl mosquitto_passwd; do
    command -v "$tool" >/dev/null || fail "$tool is missing (Debian packages: openssl, mosquitto)"
done
if [ "$(id -u)" -eq 0 ]; then owner=${ECOPARK_USER:-10001:10001}; else owner=$(id -u):$(id -g); fi

if [ "${1:-}" = --add ]; then
    [ "$#" -ge 3 ] || fail "usage: make_credentials.sh --add FOLDER GATEWAY..."
    folder=$2
    shift 2
    check_names "$@"
    [ -f "$folder/broker_passwords" ] || fail "$folder has no broker_passwords; make the folder first, without --add"
    cd "$folder"
    owner=$(sed -n 's/^ECOPARK_USER=//p' compose.env)
    for gateway in "$@"; do add_broker_user "$gateway" "$gateway.password"; done
    hand_over .
    echo "Added to $folder: $*. Then: docker compose restart mosquitto"
    exit 0
fi

folder=${1:-$(dirname "$0")/secrets}
[ "$#" -eq 0 ] || shift
[ "$#" -gt 0 ] || set -- gw-east gw-west gw-utilities
check_names "$@"
alternative_names >/dev/null
[ ! -e "$folder" ] || fail "$folder is there already; nothing is overwritten (--add brings in more gateways)"
mkdir -p "$(dirname "$folder")"
# Made under another name first: what is called FOLDER is always complete.
parent=$(cd "$(dirname "$folder")" && pwd)
folder=$parent/$(basename "$folder")
data=${ECOPARK_DATA:-$parent/data}
case "$data" in /*) ;; *) data=$PWD/$data ;; esac
making=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$making"' EXIT
cd "$making"

make_certificates 2>openssl.log || fail "openssl: $(tail -n 3 openssl.log)"
rm openssl.log
for gateway in "$@"; do add_broker_user "$gateway" "$gateway.password"; done
add_broker_user "$INGEST_USER" ingest.password
add_broker_user "$HEALTH_USER" health.password
printf '%s %s\n' -u "$HEALTH_USER" -P "$(cat health.password)" >broker_health_client
rm health.password
echo "# Who may send readings by HTTP: ecopark ingest token NAME --add-to this file (docs/how-to)" >http-sources.toml
random_secret >influx_token
random_secret >influx_admin_password
random_secret >grafana_admin_password
write_compose_settings
for name in mosquitto influxdb grafana ingest analytics gateways; do mkdir -p "$data/$name"; done
hand_over . "$data"
cd "$parent"
mv "$making" "$folder"
trap - EXIT

cat <<END
Made $folder (secrets; keep a copy in a safe place) and $data (data folders).

Next:
  1. Look through $folder/compose.env (mail server, addresses).
  2. docker compose --env-file $folder/compose.env -f deploy/compose.yaml up --detach --wait
     with a simulated park: the same with --profile simulated before "up"
  3. Each gateway gets its own password file and ca.crt: docs/how-to/install-a-gateway.md
  4. Grafana's user is admin; its password is the content of grafana_admin_password.
END
