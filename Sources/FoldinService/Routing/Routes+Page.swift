#if Service
import Foundation
import Hummingbird
import NIOCore

extension Routes {
    /// Adds the page at `/`, its files, and the description of the interface. These contain no models or users, so they need no key.
    func addPage() {
        for (path, type, bytes) in [
            ("/", "text/html; charset=utf-8", PackageResources.index_html),
            ("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
            ("/page.css", "text/css; charset=utf-8", PackageResources.page_css),
            ("/icon.svg", "image/svg+xml", PackageResources.icon_svg),
            ("/openapi.json", "application/json", PackageResources.openapi_json),
        ] {
            let body = ByteBuffer(bytes: bytes)
            add(.get, path, scope: nil) { _, _ in
                Response(
                    status: .ok, headers: [.contentType: type, .contentSecurityPolicy: Routes.policy, .cacheControl: "no-cache"],
                    body: ResponseBody(byteBuffer: body))
            }
        }
    }

    /// Allows only the script, the style, the icon and the replies of the service itself.
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'
        """
}
#endif
