// SPDX-License-Identifier: Apache-2.0
package dev.strata.system.cpu.interpret;

import dev.strata.system.cpu.GuestFault;
import dev.strata.system.cpu.PageWalker;
import dev.strata.system.cpu.ir.Block;
import dev.strata.system.memory.AddressSpace;
import dev.strata.system.memory.AddressSpaceListener;
import dev.strata.system.memory.FlatRange;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Virtual memory as one processor sees it: its TLBs, and the code it has decoded. Of its thread,
 * but for what other threads queue.
 */
public class GuestMemory extends Flags implements AddressSpaceListener {
  /** A store would change the running block: the instruction is to be run again on its own. */
  public static final int RUN_ALONE = -2;

  static final long PAGE = ~0xfffL;

  /** Physical memory. */
  protected final AddressSpace space;

  /** Raised by what the guest does wrong. */
  public final GuestFault fault = new GuestFault();

  private final SoftTlb[] tlbs;
  private SoftTlb tlb;

  /** The entries of the selected TLB. */
  public long[] tlbEntries;

  int mmuMode;

  /** How what is run is decoded. */
  int mode;

  private PageWalker walker = (address, access, mode) -> address | PageWalker.WRITABLE;

  private final Map<Long, CodePage> codePages = new HashMap<>();
  private final ConcurrentLinkedQueue<long[]> foreignWrites = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<long[]> changedRanges = new ConcurrentLinkedQueue<>();

  private volatile boolean cleaned; // what may be written has to be looked up anew

  /** The processor's, once it has run. */
  @Nullable Thread thread;

  final JumpCache jumps = new JumpCache();

  /** Not 0 when the processor shall look up between blocks; bits are the guest's. */
  protected volatile int attention;

  @Nullable Block current;

  /** The region that runs, if one does: then there is no current block but in calls. */
  @Nullable Region running;

  /** Changes with all that a pc or an address could lead elsewhere by. */
  public int generation;

  GuestMemory(AddressSpace space, int mmuModes) {
    this.space = space;
    tlbs = new SoftTlb[mmuModes];
    for (int i = 0; i < mmuModes; i++) {
      tlbs[i] = new SoftTlb();
    }
    tlb = tlbs[0];
    tlbEntries = tlb.entries;
    space.addListener(this);
  }

  final void walker(PageWalker newWalker) {
    walker = newWalker;
  }

  /** Selects the TLB, as privilege changes. */
  public final void mmuMode(int newMode) {
    if (mmuMode != newMode) {
      generation++;
    }
    mmuMode = newMode;
    tellJumps();
    tlb = tlbs[newMode];
    tlbEntries = tlb.entries;
  }

  /** After a change of one of the modes. */
  final void tellJumps() {
    jumps.mode(mode | mmuMode << 16);
  }

  /** The one selected. */
  public final int mmuMode() {
    return mmuMode;
  }

  /** Forgets all translations. */
  public final void flushTlb() {
    generation++;
    for (SoftTlb t : tlbs) {
      t.flush();
    }
    jumps.forget();
  }

  /** Forgets what is not the same in all address spaces. */
  public final void flushLocal() {
    generation++;
    for (SoftTlb t : tlbs) {
      t.flushLocal();
    }
    jumps.forgetLocal();
  }

  /** Forgets one page's translations. */
  public final void flushPage(long linear) {
    generation++;
    for (SoftTlb t : tlbs) {
      if (t.flush(linear)) {
        jumps.forget();
      }
    }
    jumps.forgetPage(linear);
  }

  @Override
  public void topologyChanged(long first, long last) {
    changedRanges.add(new long[] {first, last});
    attend();
    if (Thread.currentThread() == thread) {
      // The guest itself has done it, by a store: what comes next finds it done.
      forgetChanged();
    }
  }

  @Override
  public void codeWritten(long address, long length) {
    foreignWrites.add(new long[] {address, length});
    attend();
  }

  @Override
  public void cleaned() {
    cleaned = true;
    attend();
  }

  /** Makes the processor look up. */
  protected void attend() {
    attention |= 1;
  }

  /** Does what other threads have asked for. */
  protected final void catchUp() {
    if (cleaned) {
      cleaned = false;
      for (SoftTlb t : tlbs) {
        t.flushWrites();
      }
    }
    forgetChanged();
    for (long[] write = foreignWrites.poll(); write != null; write = foreignWrites.poll()) {
      long from = write[0];
      long left = write[1];
      while (left > 0) {
        int part = (int) Math.min(left, 4096 - (from & 4095));
        CodePage page = codePages.get(from & PAGE);
        if (page != null && page.covers((int) (from & 4095), (int) (from & 4095) + part)) {
          drop(page);
        }
        from += part;
        left -= part;
      }
    }
  }

  private void forgetChanged() {
    if (!changedRanges.isEmpty()) {
      for (long[] range = changedRanges.poll(); range != null; range = changedRanges.poll()) {
        dropPages(range[0] & PAGE, range[1]);
      }
      flushTlb();
    }
  }

  private void dropPages(long first, long last) {
    for (var pages = codePages.values().iterator(); pages.hasNext(); ) {
      CodePage page = pages.next();
      if (page.address >= first && page.address <= last) {
        page.drop();
        pages.remove();
      }
    }
  }

  private void drop(CodePage page) {
    generation++;
    page.drop();
    jumps.forget();
  }

  // --- loads and stores ---

  /** An address is to be shifted by that to find its place in {@link #tlbEntries}. */
  public static final int TLB_SHIFT = SoftTlb.PLACE_SHIFT;

  /** Bits of that place. */
  public static final int TLB_PLACES = SoftTlb.PLACES;

  /** Where an entry has the page that may be read. */
  public static final int TLB_READ = SoftTlb.READ;

  /** Where it has the page that may be written. */
  public static final int TLB_WRITE = SoftTlb.WRITE;

  /** Where it has what leads from the virtual to the host's address. */
  public static final int TLB_ADDEND = SoftTlb.ADDEND;

  private static int place(long address) {
    return (int) (address >>> SoftTlb.PLACE_SHIFT) & SoftTlb.PLACES;
  }

  /** Reads 1 << size bytes, zero-extended. */
  public final long load(long address, int size) {
    long[] t = tlbEntries;
    int place = place(address);
    return t[place + SoftTlb.READ] == (address + (1 << size) - 1 & PAGE)
        ? HostMemory.read(t[place + SoftTlb.ADDEND] + address, size)
        : slowLoad(address, size);
  }

  /** As {@link #load}, where a write must be allowed too. */
  public final long loadToWrite(long address, int size) {
    long[] t = tlbEntries;
    int place = place(address);
    return t[place + SoftTlb.WRITE] == (address + (1 << size) - 1 & PAGE)
        ? HostMemory.read(t[place + SoftTlb.ADDEND] + address, size)
        : slowLoadToWrite(address, size);
  }

  /** Writes 1 << size bytes. */
  public final void store(long address, int size, long value) {
    long[] t = tlbEntries;
    int place = place(address);
    if (t[place + SoftTlb.WRITE] == (address + (1 << size) - 1 & PAGE)) {
      HostMemory.write(t[place + SoftTlb.ADDEND] + address, size, value);
    } else {
      slowStore(address, size, value);
    }
  }

  /** Faults as a store of 1 << size bytes there would. */
  public final void probe(long address, int size) {
    if (tlbEntries[place(address) + SoftTlb.WRITE] != (address + (1 << size) - 1 & PAGE)) {
      slowProbe(address, size);
    }
  }

  /** As {@link #probe}, of what is not in the TLB. */
  public final void slowProbe(long address, int size) {
    long unused = translate(address, PageWalker.WRITE);
    if ((address & 4095) + (1 << size) > 4096) {
      unused = translate((address | 4095) + 1, PageWalker.WRITE);
    }
  }

  /** The host address of a byte, if its page is in the TLB and may be read; otherwise 0. */
  public final long hostToRead(long address) {
    return host(address, SoftTlb.READ);
  }

  /** The same if it may be written, too. */
  public final long hostToWrite(long address) {
    return host(address, SoftTlb.WRITE);
  }

  private long host(long address, int tag) {
    return found(address, 1, tag);
  }

  /**
   * The host address of some bytes, if they are in one page that is in the TLB; otherwise 0.
   *
   * @param tag {@link #TLB_READ} or {@link #TLB_WRITE}
   */
  public final long found(long address, int bytes, int tag) {
    int place = place(address);
    boolean known = tlbEntries[place + tag] == (address + bytes - 1 & PAGE);
    return known ? tlbEntries[place + SoftTlb.ADDEND] + address : 0;
  }

  /** As {@link #load}, of what is not in the TLB. */
  public final long slowLoad(long address, int size) {
    return loadSlowly(address, size, PageWalker.READ);
  }

  /** As {@link #loadToWrite}. */
  public final long slowLoadToWrite(long address, int size) {
    return loadSlowly(address, size, PageWalker.WRITE);
  }

  private long loadSlowly(long address, int size, int access) {
    int bytes = 1 << size;
    if ((address & 4095) + bytes > 4096) {
      int first = 4096 - (int) (address & 4095);
      long low = translate(address, access);
      long high = translate((address | 4095) + 1, access);
      long value = 0;
      for (int i = 0; i < bytes; i++) {
        long at = i < first ? low + i : high + (i - first);
        value |= space.read(at, 1) << (8 * i);
      }
      return value;
    }
    return space.read(translate(address, access), bytes);
  }

  /** As {@link #store}. */
  public final void slowStore(long address, int size, long value) {
    int bytes = 1 << size;
    if ((address & 4095) + bytes > 4096) {
      int first = 4096 - (int) (address & 4095);
      long low = translate(address, PageWalker.WRITE);
      long high = translate((address | 4095) + 1, PageWalker.WRITE);
      for (int i = 0; i < bytes; i++) {
        storePhysical(i < first ? low + i : high + (i - first), 1, value >>> (8 * i));
      }
      return;
    }
    storePhysical(translate(address, PageWalker.WRITE), bytes, value);
  }

  private void storePhysical(long physical, int bytes, long value) {
    FlatRange range = space.lookup(physical);
    if (range != null && range.region().writable()) {
      long masked = physical & space.addressMask();
      long offset = range.offset(masked);
      if (range.remaining(masked) >= bytes) {
        if (range.region().hasCode(offset, bytes)) {
          beforeStoreToCode(masked, bytes);
        }
        HostMemory.write(
            range.region().hostAddress() + offset, Integer.numberOfTrailingZeros(bytes), value);
        range.region().written(offset, bytes);
        return;
      }
    }
    space.write(physical, bytes, value);
  }

  private void beforeStoreToCode(long physical, int bytes) {
    CodePage page = codePages.get(physical & PAGE);
    int from = (int) (physical & 4095);
    if (page == null || !page.covers(from, from + bytes)) {
      return;
    }
    Region region = running;
    if (region != null && region.covers(page.address)) {
      throw fault.with(RUN_ALONE, 0);
    }
    Block block = current;
    if (region == null
        && block != null
        && block.instructions > 1
        && ((block.physical & PAGE) == page.address || block.secondPage == page.address)) {
      throw fault.with(RUN_ALONE, 0);
    }
    drop(page);
  }

  private long walkedTo; // the last translation, with what is known of its page

  /** The physical address, entering the translation into the TLB if it may be. */
  public final long translate(long address, int access) {
    long walked = walker.walk(address, access, mmuMode);
    long physical = walked & PageWalker.ADDRESS;
    walkedTo = walked;
    FlatRange range = space.lookup(physical);
    long mask = space.addressMask();
    if (range != null && range.region().readable() && access != PageWalker.FETCH) {
      long page = physical & mask & PAGE;
      if (page >= range.start() && page + 4095 <= range.last()) {
        long offset = range.offset(page);
        SoftTlb t = tlb;
        int index = (int) (address >>> 12) & (SoftTlb.ENTRIES - 1);
        long tag = address & PAGE;
        boolean write =
            walked < 0 && range.region().writable() && !range.region().hasCode(offset, 4096);
        if (write && range.region().isClean(offset)) {
          write = access == PageWalker.WRITE;
          if (write) {
            range.region().written(offset, 4096); // at once: what comes next is not seen any more
          }
        }
        t.enter(index, tag, range.region().hostAddress() + offset - tag, walked, write);
      }
    }
    return physical;
  }

  // --- code ---

  final @Nullable Block decoded(long physical, int mode) {
    CodePage page = codePages.get(physical & PAGE);
    return page == null ? null : page.find(physical, mode);
  }

  /** From now on a region runs instead of its entry, as long as none of its blocks changes. */
  public final void add(Region region) {
    for (long page : region.pages) {
      codePages.computeIfAbsent(page, CodePage::new).add(region);
    }
    region.entry.translation = region;
  }

  /** A byte of code, for the decoder. */
  public final int fetch(long linear) {
    long page = linear & PAGE;
    if (page != fetchPage) {
      fetchPhysical = codePage(page).address;
      fetchPage = page;
    }
    long physical = fetchPhysical + (linear & 4095);
    return (int) space.read(physical, 1);
  }

  private long fetchPage = 1;
  private long fetchPhysical;

  /** The page of code that a linear address leads to. */
  private CodePage codePage(long linear) {
    long tag = linear & PAGE;
    SoftTlb t = tlb;
    int index = (int) (linear >>> 12) & (SoftTlb.ENTRIES - 1);
    CodePage known = t.code[index];
    if (known != null && t.execute[index] == tag) {
      return known;
    }
    long physical = translate(tag, PageWalker.FETCH) & space.addressMask();
    CodePage page = codePages.computeIfAbsent(physical, CodePage::new);
    t.enter(index, tag, page, walkedTo);
    return page;
  }

  /** The block at a linear address: found, or decoded. */
  final Block find(long linear, int mode, Guest guest) {
    CodePage page = codePage(linear);
    long physical = page.address | (linear & ~PAGE);
    Block block = page.find(physical, mode);
    if (block != null
        && block.secondPage != -1
        && codePage((linear | 4095) + 1).address != block.secondPage) {
      drop(page);
      block = null;
    }
    if (block == null) {
      block = decode(linear, physical, mode, page, guest);
    }
    return block;
  }

  /** The block at a linear address, which jumps find from now on. */
  final Block enter(long linear, int mode, Guest guest) {
    Block block = find(linear, mode, guest);
    jumps.enter(linear, block, block.secondPage == -1 && tlb.isCodeGlobal(linear));
    return block;
  }

  private Block decode(long linear, long physical, int mode, CodePage page, Guest guest) {
    // Before it is read, so that what a device writes meanwhile is noticed.
    mark(page);
    fetchPage = 1;
    Block block = guest.decode(linear, mode);
    int start = (int) (physical & 4095);
    CodePage second = null;
    if (start + block.length > 4096) {
      second = codePage((linear | 4095) + 1);
      mark(second);
      block = guest.decode(linear, mode);
      block.secondPage = second.address;
      second.cover(0, start + block.length - 4096);
    }
    fetchPage = 1;
    block.physical = physical;
    page.cover(start, Math.min(start + block.length, 4096));
    if (cacheable(physical) && (second == null || cacheable(block.secondPage))) {
      page.add(block);
      if (second != null) {
        second.addStraddling(block);
      }
    }
    return block;
  }

  // Code in device registers is decoded anew each time.
  private boolean cacheable(long physical) {
    FlatRange range = space.lookup(physical);
    return range != null && range.region().readable();
  }

  private void mark(CodePage page) {
    if (page.mark(space)) {
      for (SoftTlb t : tlbs) {
        t.flushWrites();
      }
    }
  }
}
