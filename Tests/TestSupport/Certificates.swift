import FoundationEssentials

/// Certificates for a server on loopback, made with openssl(1): an authority of its own, and what it signs.
package final class Certificates: Sendable {
  private let directory: TemporaryDirectory

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// The authority's certificate.
  package var authority: String { directory("authority.pem") }

  package init() async throws {
    directory = try TemporaryDirectory()
    // `openssl ca` is the one command of all versions that signs for days in the past.
    try directory.write(
      "ca.conf",
      text: """
        [ca]
        default_ca = authority
        [authority]
        new_certs_dir = \(directory.path)
        database = \(directory("index"))
        rand_serial = yes
        default_md = sha256
        policy = any
        unique_subject = no
        copy_extensions = copy
        [any]
        commonName = supplied

        """)
    try directory.write("index", text: "")
    try await openssl(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
      "/CN=Authority of a test", "-keyout", directory("authority.key"), "-out", authority)
  }

  /// Signs a certificate.
  /// - Parameters:
  ///   - name: as OpenSSL writes it: `IP:127.0.0.1`, `DNS:feeds.example`.
  ///   - days: its first and last day, `YYYYMMDD`.
  package func signed(
    for name: String, from first: String = "20200101", to last: String = "20491231"
  ) async throws -> (certificate: String, key: String) {
    let stem = directory("\(name.filter { $0.isLetter || $0.isNumber })-\(last)")
    try await openssl(
      "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server", "-addext",
      "subjectAltName=\(name)", "-keyout", stem + ".key", "-out", stem + ".csr")
    try await openssl(
      "ca", "-batch", "-notext", "-config", directory("ca.conf"), "-cert", authority, "-keyfile",
      directory("authority.key"), "-startdate", "\(first)000000Z", "-enddate", "\(last)000000Z", "-in", stem + ".csr",
      "-out", stem + ".pem")
    return (stem + ".pem", stem + ".key")
  }

  private func openssl(_ arguments: String...) async throws {
    let outcome = try await ToolboxProcess.run(path: "/usr/bin/openssl", arguments)
    guard outcome.status == 0 else { throw Failure(description: "openssl \(arguments[0]): \(outcome.errors)") }
  }
}
