"""Serves the pages that the Swift tests have written, with the header fields the health service sends them with."""

import http.server
import pathlib
import sys
import threading


class Server(http.server.ThreadingHTTPServer):
    """Says nothing of a browser that closes its connections, as it does with every page it leaves."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Site:
    """A server on a port of its own; `live` names the page that `/page/live` answers with."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        fields = [line.split(": ", 1) for line in (folder / "fields.txt").read_text().splitlines() if ": " in line]
        self.live = "calm"
        self.is_broken = False
        self.asked = 0
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = self.path.split("?")[0]
                kinds = {"style.css": "text/css", "script.js": "text/javascript", "icon.svg": "image/svg+xml"}
                if path == "/page/live":
                    site.asked += 1
                    if site.is_broken:
                        return self.send_error(503)
                    name = f"{site.live}.html"
                else:
                    name = path.rsplit("/", 1)[-1]
                file = folder / (name if "." in name else f"{name or 'calm'}.html")
                if not file.is_file():
                    return self.send_error(404)
                body = file.read_bytes()
                self.send_response(200)
                for field, value in fields:
                    if field.lower() != "content-type":
                        self.send_header(field, value)
                self.send_header("Content-Type", kinds.get(file.name, "text/html; charset=utf-8"))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
