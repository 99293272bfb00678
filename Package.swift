// swift-tools-version: 6.2
import PackageDescription

// `make test` and CI set this: a warning in our own targets then stops the build; those of dependencies never do.
let warningsAreErrors = Context.environment["TOOLBOX_WARNINGS_AS_ERRORS"] == "1"

/// `make fuzz` sets this: our code is then compiled so that libFuzzer sees where an input leads, and memory is watched.
let isFuzzing = Context.environment["TOOLBOX_FUZZING"] == "1"

/// For what runs while others are built.
let toolSettings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

let ourSettings = toolSettings + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])] : [])

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "toolbox",
  products: [.executable(name: "toolbox", targets: ["toolbox"])]
    + (isFuzzing ? [.library(name: "ToolboxFuzz", type: .static, targets: ["ToolboxFuzz"])] : []),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
  ],
  targets: [
    // The program, and the text it shows.
    .executableTarget(name: "toolbox", dependencies: ["ToolboxCommands", argumentParser], swiftSettings: ourSettings),
    .target(
      name: "ToolboxCommands",
      dependencies: [
        "TerminalOutput", "PerfReference", "PerfProfiling", "SystemReset", "KernelReleases", "DebianPackages",
        "PerfProbes", "Configuration", "Curl", "BundledData", "DataTree", "Compression", "HostSystem", argumentParser,
      ],
      swiftSettings: ourSettings),
    .target(
      name: "TerminalOutput", dependencies: ["HostSystem"], swiftSettings: ourSettings),

    // The domains. None of them knows another.
    .target(
      name: "PerfReference", dependencies: ["PerfProbes", "BundledData", "Configuration", "DataTree", "HostSystem"],
      swiftSettings: ourSettings),
    .target(
      name: "PerfProfiling",
      dependencies: ["PerfProbes", "BundledData", "DataTree", "Compression", "CLateLibraries", "HostSystem"],
      swiftSettings: ourSettings),
    .target(
      name: "SystemReset",
      dependencies: ["DebianPackages", "BundledData", "Configuration", "DataTree", "Compression", "HostSystem"],
      swiftSettings: ourSettings),
    .target(
      name: "KernelReleases",
      dependencies: [
        "DebianPackages", "Curl", "CLateLibraries", "BundledData", "DataTree", "HostSystem", grdb, grdbSQLite,
      ],
      swiftSettings: ourSettings),

    // What the domains stand on.
    .target(name: "DebianPackages", dependencies: ["Compression", "HostSystem"], swiftSettings: ourSettings),
    .target(name: "PerfProbes", dependencies: ["CPerfEvent", "HostSystem"], swiftSettings: ourSettings),
    .target(name: "CPerfEvent"),
    .target(name: "Configuration", dependencies: ["DataTree", "HostSystem", yams], swiftSettings: ourSettings),
    .target(name: "Curl", dependencies: ["CCurl", "Compression", "HostSystem"], swiftSettings: ourSettings),
    .target(name: "CCurl"),
    .target(
      name: "BundledData", dependencies: ["DataTree"], exclude: ["Data"], swiftSettings: ourSettings,
      plugins: ["EmbedData"]),
    .target(name: "DataTree", swiftSettings: toolSettings),
    .plugin(name: "EmbedData", capability: .buildTool(), dependencies: ["embed-data"], path: "Sources/EmbedData"),
    .executableTarget(name: "embed-data", dependencies: ["DataTree", yams], swiftSettings: toolSettings),

    // The doors to the machine.
    .target(
      name: "Compression", dependencies: ["CZlib", "CLateLibraries", "HostSystem"],
      swiftSettings: ourSettings),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    // Needs the headers of libexpat1-dev, liblzma-dev, liblz4-dev and libzstd-dev.
    .target(name: "CLateLibraries"),
    .target(
      name: "HostSystem", dependencies: ["CHostSystem"], swiftSettings: ourSettings),
    .target(name: "CHostSystem"),

    // `make fuzz`, `make bench`, and what the tests share.
    .target(
      name: "ToolboxFuzz",
      dependencies: [
        "PerfReference", "PerfProfiling", "SystemReset", "KernelReleases", "DebianPackages", "Configuration",
        "Compression", "HostSystem",
      ],
      path: "Tests/Fuzz", exclude: ["Seeds", "fuzz.dict", "fuzz.sh"], swiftSettings: ourSettings),
    .executableTarget(
      name: "toolbox-bench", dependencies: ["TestSupport"], path: "Tests/Benchmarks",
      exclude: ["record-profiles.sh"], swiftSettings: ourSettings),
    .executableTarget(
      name: "account-trial", dependencies: ["SystemReset", "HostSystem"], path: "Tests/AccountTrial",
      swiftSettings: ourSettings),
    .target(
      name: "TestSupport", dependencies: ["DataTree", "CZlib", subprocess, systemPackage], path: "Tests/TestSupport",
      swiftSettings: ourSettings),
    .testTarget(
      name: "DataTreeTests", dependencies: ["DataTree", "BundledData", "TestSupport"], swiftSettings: ourSettings),
    .testTarget(name: "HostSystemTests", dependencies: ["HostSystem", "TestSupport"], swiftSettings: ourSettings),
    .testTarget(name: "TerminalOutputTests", dependencies: ["TerminalOutput"], swiftSettings: ourSettings),
    .testTarget(
      name: "CompressionTests", dependencies: ["Compression", "HostSystem", "TestSupport"], swiftSettings: ourSettings),
    .testTarget(
      name: "DebianPackagesTests", dependencies: ["DebianPackages", "Compression", "HostSystem", "TestSupport"],
      swiftSettings: ourSettings),
    .testTarget(
      name: "ConfigurationTests", dependencies: ["Configuration", "DataTree", "HostSystem", "TestSupport"],
      swiftSettings: ourSettings),
    .testTarget(name: "CurlTests", dependencies: ["Curl", "HostSystem", "TestSupport"], swiftSettings: ourSettings),
    .testTarget(
      name: "PerfProbesTests", dependencies: ["PerfProbes", "HostSystem", "TestSupport"], swiftSettings: ourSettings),
    .testTarget(
      name: "PerfReferenceTests",
      dependencies: ["PerfReference", "PerfProbes", "BundledData", "DataTree", "HostSystem", "TestSupport"],
      swiftSettings: ourSettings),
    .testTarget(
      name: "PerfProfilingTests",
      dependencies: ["PerfProfiling", "PerfProbes", "Compression", "CLateLibraries", "HostSystem", "TestSupport"],
      // These tests compress, too.
      swiftSettings: ourSettings, linkerSettings: [.linkedLibrary("zstd")]),
    .testTarget(
      name: "SystemResetTests", dependencies: ["SystemReset", "DebianPackages", "HostSystem", "TestSupport"],
      swiftSettings: ourSettings),
    .testTarget(
      name: "KernelReleasesTests",
      dependencies: ["KernelReleases", "DebianPackages", "Curl", "BundledData", "HostSystem", "TestSupport", grdb],
      swiftSettings: ourSettings),
    .testTarget(
      name: "ToolboxCommandsTests",
      dependencies: [
        "ToolboxCommands", "PerfReference", "PerfProbes", "KernelReleases", "TerminalOutput", "HostSystem",
        "TestSupport",
      ],
      swiftSettings: ourSettings),
    .testTarget(
      name: "EndToEndTests", dependencies: ["toolbox", "account-trial", "TestSupport", grdb], swiftSettings: ourSettings
    ),
  ]
)
