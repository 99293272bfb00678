import Testing

@testable import PerfProfiling

@Suite("Names are shown as people write them")
struct DemanglerTests {
  private func demangled(_ name: String) -> String {
    let bytes = Array(name.utf8)
    return bytes.withUnsafeBufferPointer { Demangler().demangled($0) }
  }

  @Test(
    "C++ and Swift",
    arguments: [
      ("_ZN3foo3barEi", "foo::bar"),
      ("_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back"),
      ("_ZN12_GLOBAL__N_14workEv", "(anonymous namespace)::work"),
      ("$s4main3fooyS2iF", "main.foo(Swift.Int) -> Swift.Int"),
      ("main", "main"), ("_start", "_start"), ("_Z", "_Z"), ("_ZN", "_ZN"), ("__libc_start_main", "__libc_start_main"),
    ])
  func others(name: String, shown: String) { #expect(demangled(name) == shown) }

  @Test(
    "Rust's older kind",
    arguments: [
      ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"),
      (
        "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
        "<Test + 'static as foo::Bar<Test>>::bar"
      ),
      ("_ZN3std2io5stdio6_print17hffffffffffffffffE", "std::io::stdio::_print"),
      ("_ZN35Bar$LT$$u5b$u32$u3b$$u20$4$u5d$$GT$E", "Bar$LT$$u5b$u32$u3b$$u20$4$u5d$$GT$"),
    ])
  func legacy(name: String, shown: String) { #expect(demangled(name) == shown) }

  @Test(
    "Rust's newer kind",
    arguments: [
      ("_RNvC6_123foo3bar", "123foo::bar"),
      ("_RNvCs1234_7mycrate3foo", "mycrate::foo"),
      ("_RNCNvC4main4main0", "main::main::{closure#0}"),
      ("_RNCNvC4main4mains_0", "main::main::{closure#1}"),
      ("_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>"),
      ("_RNvMNtC4main1aNtB2_1S3new", "<main::a::S>::new"),
      ("_RNvXC4mainNtB2_1SNtNtC4core3fmt7Display3fmt", "<main::S as core::fmt::Display>::fmt"),
      ("_RINvC4main1fRShE", "main::f::<&[u8]>"),
      ("_RINvC4main1fTlmEE", "main::f::<(i32, u32)>"),
      ("_RINvC4main1fKj8_E", "main::f::<8>"),
      ("_RINvC4main1fFUKCjEuE", "main::f::<unsafe extern \"C\" fn(usize)>"),
      ("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y", "utf8_idents::საჭმელად_გემრიელი_სადილი"),
      ("_RNvC1a", "_RNvC1a"),
    ])
  func newer(name: String, shown: String) { #expect(demangled(name) == shown) }

  @Test("A name that refers to itself, or is cut or changed anywhere, ends")
  func hostile() {
    for name in [
      "_RNvB0_3foo", "_RINvC1a1fB4_B4_B4_E", "_RNvMNtC4main1aNtB2_1S3new", "_RINvC4main1fFG_RL0_hEuE",
      "_RINvC4main1f" + String(repeating: "T", count: 5000), "_RNvC99999999999999999999a",
      "_RINvC1a1fDNtC1a1Tp1AhEL_E",
    ] {
      _ = demangled(name)
      for count in 0..<name.utf8.count { _ = demangled(String(name.prefix(count))) }
    }
  }
}
