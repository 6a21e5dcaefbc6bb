"""Connectors that talk to Samba."""
from real_samba import NAME

SECRETS = {f"secrets/{name}": f"Passw0rd.{name}\n"
           for name in ("svc.herald", "svc.reader", "bob.disabled", "alice")}
SECRETS["secrets/wrong"] = "Passw0rd.wrong\n"
PORTS = {"ldaps": 636, "starttls": 389, "gssapi": 389}


def lines(plugin, security="ldaps", user="svc.reader", secret=None,
          servers=None, more="", tls="{ca_file: '@CA@'}"):
    """The members of a connector; @CA@ and @DIR@ are filled in."""
    if servers is None:
        servers = [f"{NAME}:{PORTS[security]}"]
    where = ", ".join(f"'{one}'" for one in servers)
    return (f"plugin: {plugin}, domain: corp.example.com, "
            + (f"servers: [{where}], " if servers else "")
            + f"security: {security}, user: {user}, "
            + (f"secret: {{file: '@DIR@/secrets/{secret or user}'}}, "
               if secret != "none" else "")
            + f"tls: {tls}{more}")
