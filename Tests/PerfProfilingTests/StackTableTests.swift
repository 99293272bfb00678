import PerfProfiling
import Testing

@Suite("Stacks and frames are kept once")
struct StackTableTests {
  @Test("An equal stack has the same number, and a caller a lower one")
  func interned() {
    var frames = FrameTable()
    var stacks = StackTable()
    let main = frames.number(of: Frame(name: "main"))
    let work = frames.number(of: Frame(name: "work"))
    let outer = stacks.stack(calling: main, from: StackTable.empty)
    let inner = stacks.stack(calling: work, from: outer)
    #expect(stacks.stack(calling: work, from: outer) == inner)
    #expect(outer < inner)
    #expect(stacks.frames(of: inner) == [main, work])
    #expect(stacks.frames(of: StackTable.empty).isEmpty)
    #expect(stacks.stack(calling: work, from: StackTable.empty) != inner)
  }

  @Test("Frames that differ in the object alone are two")
  func objects() {
    var frames = FrameTable()
    let one = frames.number(of: Frame(name: "read", object: "/lib/a.so"))
    let other = frames.number(of: Frame(name: "read", object: "/lib/b.so"))
    #expect(one != other)
    #expect(frames[one].object == "/lib/a.so")
    #expect(frames.number(of: Frame(name: "read", object: "/lib/a.so")) == one)
  }

  @Test("What is left out is no longer counted as out")
  func accounting() {
    var accounting = SampleAccounting()
    accounting.samplesIn = 10
    accounting.leftOut["other events"] = 3
    accounting.leftOut["filtered"] = 2
    #expect(accounting.samplesOut == 5)
  }
}
