import Shared
import Testing

@Suite("PartPlan")
struct PartPlanTests {
  private let s3 = PartLimits(
    minimumPartBytes: 5 << 20, maximumPartBytes: 5 << 30, maximumParts: 10_000, maximumSinglePutBytes: 5 << 30)

  @Test func anUnknownTotalStartsSmallAndReachesTerabytes() throws {
    let plan = try PartPlan(limits: s3)
    #expect(plan.sizeBytes(ofPart: 1) == 8 << 20)
    #expect(plan.sizeBytes(ofPart: 1_000) == 8 << 20)
    #expect(plan.sizeBytes(ofPart: 1_001) == 16 << 20)
    let total = (1...10_000).reduce(Int64(0)) { $0 + plan.sizeBytes(ofPart: $1) }
    #expect(total > 5 << 40)
    #expect(plan.sizeBytes(ofPart: .max) == 5 << 30)
  }

  @Test func theStoreLimitsHold() throws {
    let rados = PartLimits(
      minimumPartBytes: 12 << 20, maximumPartBytes: 100 << 20, maximumParts: 10_000, maximumSinglePutBytes: 5 << 30)
    let plan = try PartPlan(limits: rados)
    #expect(plan.sizeBytes(ofPart: 1) == 12 << 20)
    #expect(plan.sizeBytes(ofPart: 10_000) == 100 << 20)
    #expect(throws: StorageError.tooLarge(limitBytes: 1_000_000 << 20)) {
      _ = try PartPlan(limits: rados, totalBytes: (1_000_000 << 20) + 1)
    }
  }

  private static let mebibyte: Int64 = 1 << 20
  private static let totals: [Int64] = [0, 1, 5, 8, 600, 79_872, 102_400, 1 << 20, 40 << 20, 51_200_000]

  @Test(arguments: totals)
  func aKnownTotalFits(_ mebibytes: Int64) throws {
    let total = mebibytes * Self.mebibyte
    let plan = try PartPlan(limits: s3, totalBytes: total)
    let size = plan.sizeBytes(ofPart: 1)
    #expect(plan.sizeBytes(ofPart: 9_999) == size)
    #expect(size >= 5 * Self.mebibyte && size <= 5_120 * Self.mebibyte)
    #expect((total + size - 1) / size <= 10_000)
    if mebibytes < 70_000 { #expect(size <= 8 * Self.mebibyte) }
  }
}
