import CHostSystem

/// How the C library's allocator treats this process.
package enum Allocator {
  /// Has every large block be a mapping of its own, which the system gets back when the block is freed.
  ///
  /// By itself the allocator keeps what is below 32 MiB after the first such block was freed, and arrays that grow leave holes
  /// that no larger one fits into. For programs that hold much for a short time; costs a system call for each such block.
  /// Source: mallopt(3), M_MMAP_THRESHOLD.
  package static func returnLargeBlocks() {
    toolbox_map_blocks_from(4 << 20)
  }
}
