internal import FuzzProperties
internal import Glibc

/// Chooses the target by the environment variable `MERIDIAN_FUZZ_TARGET`; libFuzzer calls this first.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(
  _ count: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  require(FuzzTarget.chosen != nil, "MERIDIAN_FUZZ_TARGET is one of \(FuzzTarget.all.map(\.name))")
  return 0
}

/// Runs the chosen target on one input; libFuzzer calls this for every input it makes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzTarget.chosen?.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
