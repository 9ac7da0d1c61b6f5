# A small authority for the cases over TLS: sourced by them, everything goes to $work.
#
#     new_authority NAME
#     new_certificate FILE NAMES AUTHORITY [OPTION...]    NAMES as in a subjectAltName
#     revoke FILE AUTHORITY; new_list AUTHORITY

new_authority() {
    (
        cd "$work" || exit 1
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
            -out "$1.pem" -subj "/CN=$1" -days 30
        mkdir -p "$1.d" && : >"$1.d/index" && echo 1000 >"$1.d/number"
        printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\ncrlnumber=%s/number\ndefault_md=sha256\ndefault_crl_days=7\ncertificate=%s.pem\nprivate_key=%s.key\nserial=%s/serial\n[policy_any]\ncommonName=supplied\n' \
            "$1.d" "$1.d" "$1" "$1" "$1.d" >"$1.cnf"
        openssl ca -config "$1.cnf" -gencrl -out "$1.crl"
    ) >>"$work/openssl.log" 2>&1
}

new_certificate() {
    local file=$1 names=$2 authority=$3
    shift 3
    [ $# -gt 0 ] || set -- -days 20
    (
        cd "$work" || exit 1
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$file.key" \
            -out "$file.csr" -subj "/CN=$file"
        printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" >"$file.ext"
        openssl x509 -req -in "$file.csr" -CA "$authority.pem" -CAkey "$authority.key" \
            -CAcreateserial -out "$file.pem" -extfile "$file.ext" "$@"
        chmod 600 "$file.key"
    ) >>"$work/openssl.log" 2>&1
}

revoke() {
    (cd "$work" && openssl ca -config "$2.cnf" -revoke "$1.pem") >>"$work/openssl.log" 2>&1
    (cd "$work" && openssl ca -config "$2.cnf" -gencrl -out "$2.crl") >>"$work/openssl.log" 2>&1
}

# start_neighbour NAME HOST BORDER BESIDE: Kamailio with the certificate NAME.
start_neighbour() {
    local name=$1 host=$2 border=$3 beside=$4 folder=$work/kamailio-$1
    mkdir -p "$folder"
    cat >"$folder/tls.cfg" <<T
[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = $work/$name.key
certificate = $work/$name.pem
ca_list = $work/ca.pem
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = $work/$name.key
certificate = $work/$name.pem
ca_list = $work/ca.pem
T
    sed -e "s#OWN_UDP#udp:$host:5070#; s#OWN_TLS#tls:$host:5061#; s#=OWN\$#=$host#" \
        -e "s#TLS_FILE#\"$folder/tls.cfg\"#; s#BESIDE#\"sip:$beside\"#" \
        -e "s#BORDER;#\"sip:$border;transport=tls\";#" "$here/kamailio-tls.cfg" >"$folder/k.cfg"
    start "kamailio-$name.log" kamailio -f "$folder/k.cfg" -DD -E -m 64 -M 8 \
        -P "$folder/pid" -Y "$folder" -w "$folder"
}
