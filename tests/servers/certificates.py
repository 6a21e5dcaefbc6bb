"""Certificates for doubles that speak TLS, made with the openssl command.

    made = certificates.make(folder)
    made["good"]      (certificate, key) for 127.0.0.1 and localhost
    made["expired"], made["other_name"], made["self_signed"]
    made["ca"]        the file that a client is told to trust
    made["other_ca"]  one that signed none of these
    made["client"], made["other_client"]    of herald, by either of them
"""
import os
import subprocess

CONFIG = """\
[ca]
default_ca = own
[own]
new_certs_dir = {folder}
database = {folder}/index
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""
OUR_NAMES = "IP:127.0.0.1,DNS:localhost"
FOREVER = ("20200101000000Z", "20991231000000Z")
LONG_AGO = ("20200101000000Z", "20200201000000Z")


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def key_and_more(folder, name, *words):
    """`openssl req` with a new key; returns (what it made, key)."""
    made = os.path.join(folder, name + ".pem")
    key = os.path.join(folder, name + ".key")
    openssl("req", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
            "-out", made, "-subj", f"/CN={name}", *words)
    os.chmod(key, 0o600)
    return made, key


def authority(folder, name):
    return key_and_more(folder, name, "-x509", "-days", "3650", "-addext",
                        "basicConstraints=critical,CA:TRUE")


def signed(folder, name, ca, names, lifetime):
    request, key = key_and_more(folder, name, "-addext",
                                f"subjectAltName={names}")
    certificate = os.path.join(folder, name + ".crt")
    openssl("ca", "-batch", "-notext", "-config",
            os.path.join(folder, "openssl.cnf"), "-cert", ca[0], "-keyfile",
            ca[1], "-startdate", lifetime[0], "-enddate", lifetime[1], "-in",
            request, "-out", certificate)
    return certificate, key


def make(folder):
    with open(os.path.join(folder, "openssl.cnf"), "w",
              encoding="ascii") as out:
        out.write(CONFIG.format(folder=folder))
    with open(os.path.join(folder, "index"), "w", encoding="ascii"):
        pass                    # the database begins empty
    ca, other_ca = authority(folder, "ca"), authority(folder, "other_ca")
    return {
        "ca": ca[0],
        "other_ca": other_ca[0],
        "client": signed(folder, "client", ca, "DNS:herald.example", FOREVER),
        "other_client": signed(folder, "other_client", other_ca,
                               "DNS:herald.example", FOREVER),
        "good": signed(folder, "good", ca, OUR_NAMES, FOREVER),
        "expired": signed(folder, "expired", ca, OUR_NAMES, LONG_AGO),
        "other_name": signed(folder, "other_name", ca, "DNS:other.example",
                             FOREVER),
        "self_signed": key_and_more(folder, "self_signed", "-x509", "-days",
                                    "365", "-addext",
                                    f"subjectAltName={OUR_NAMES}"),
    }
