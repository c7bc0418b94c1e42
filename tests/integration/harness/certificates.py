"""Certificates for tests, made by the openssl command: an authority of their own, and servers' certificates from it."""
import collections
import ssl
import subprocess

Pair = collections.namedtuple("Pair", "certificate key")


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(folder):
    pair = Pair(folder / "authority.pem", folder / "authority.key")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=Sotto test authority", "-keyout", pair.key, "-out", pair.certificate)
    return pair


def make_certificate(folder, authority, name, names="DNS:localhost,IP:127.0.0.1", days=2):
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", pair.key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial",
            "-days", days, "-extfile", extensions, "-out", pair.certificate)
    return pair


def trusting(authority):
    """A client's context that trusts this authority and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.certificate)
    return context
