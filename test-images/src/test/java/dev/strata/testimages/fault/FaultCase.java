// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.fault;

import java.util.ArrayList;
import java.util.List;

/**
 * A command line, and what may become of its images if a call fails.
 *
 * @param changed what it changes, as {@code format:name}: sound afterwards whatever happens, each
 *     block as before or as it was to be; the first is the image that the content is read of
 * @param made what it makes: whole if the command says so
 */
record FaultCase(List<String> words, List<String> changed, List<String> made) {
  /** All there are. */
  static final List<FaultCase> ALL = all();

  private static List<FaultCase> all() {
    var all = new ArrayList<FaultCase>();
    String i = "qcow2:image";
    making(all, "qcow2:new", "create -q -f qcow2 memory:new 256k");
    making(all, "qcow2:new", "create -q -f qcow2 -o preallocation=metadata memory:new 256k");
    making(all, "qcow2:new", "create -q -f qcow2 -o preallocation=falloc memory:new 256k");
    making(all, "qcow2:new", "create -q -f qcow2 -o preallocation=full memory:new 256k");
    making(all, "qcow2:new", "create -q -f qcow2 -b memory:base -F qcow2 memory:new");
    making(all, "parallels:new", "create -q -f parallels memory:new 256k");
    making(all, "qcow2:new", "convert -f raw -O qcow2 memory:raw memory:new");
    making(all, "qcow2:new", "convert -f qcow2 -O qcow2 -c memory:image memory:new");
    making(
        all, "qcow2:new", "convert -f qcow2 -O qcow2 -o cluster_size=512 memory:image memory:new");
    making(all, "qcow2:new", "convert -f qcow2 -O qcow2 -m 1 -W memory:image memory:new");
    making(all, "raw:new", "convert -f qcow2 -O raw memory:image memory:new");
    making(all, "raw:new", "convert -f qcow2 -O raw -l first memory:image memory:new");
    changing(
        all,
        "convert -f qcow2 -n --target-image-opts memory:image " + FaultImages.parallels("empty"),
        "parallels:empty");
    making(all, "raw:new", "convert -f parallels -O raw memory:parallels memory:new");
    making(all, "raw:new", "convert -f qcow2 -O raw memory:packed memory:new");
    making(all, "qcow2:new", "dd -f qcow2 -O qcow2 if=memory:image of=memory:new bs=8k");
    changing(all, "commit -q -f qcow2 memory:image", i, "qcow2:base");
    changing(all, "commit -q -d -f qcow2 memory:image", i, "qcow2:base");
    changing(all, "rebase -q -f qcow2 -b memory:other -F qcow2 memory:image", i);
    changing(all, "rebase -q -f qcow2 -b  memory:image", i);
    changing(all, "snapshot -q -c second memory:image", i);
    changing(all, "snapshot -q -a first memory:plain", "qcow2:plain");
    changing(all, "snapshot -q -d first memory:image", i);
    changing(all, "resize -q -f qcow2 memory:image +64k", i);
    changing(all, "resize -q -f qcow2 --preallocation=metadata memory:alone +64k", "qcow2:alone");
    changing(all, "resize -q -f qcow2 --shrink memory:image 128k", i);
    changing(all, "resize -q -f raw memory:raw +64k", "raw:raw");
    changing(all, "amend -q -f qcow2 -o refcount_bits=64 memory:image", i);
    changing(all, "amend -q -f qcow2 -o lazy_refcounts=on memory:image", i);
    changing(all, "amend -q -f qcow2 -o compat=0.10 memory:alone", "qcow2:alone");
    changing(all, "bitmap -f qcow2 --add memory:image b1", i);
    changing(all, "bitmap -f qcow2 --remove memory:image b0", i);
    changing(all, "bitmap -f qcow2 --clear memory:image b0", i);
    changing(all, "bitmap -f qcow2 --disable memory:image b0", i);
    changing(all, "bitmap -f qcow2 --add --merge b0 memory:image b1", i);
    changing(all, "check -q -f qcow2 -r leaks memory:leaky", "qcow2:leaky");
    changing(all, "check -q -f qcow2 -r all memory:leaky", "qcow2:leaky");
    changing(all, "check -q -f qcow2 -r all memory:dirty", "qcow2:dirty");
    changing(all, "check -q -f parallels -r all memory:unclosed", "parallels:unclosed");
    changing(all, "bench -f qcow2 -w -c 8 -s 4096 memory:alone", "qcow2:alone");
    reading(all, "bench -f qcow2 -c 8 -s 4096 memory:image");
    reading(all, "check -q -f qcow2 memory:image");
    reading(all, "compare -f qcow2 -F qcow2 memory:image memory:image");
    reading(all, "map -f qcow2 --output=json memory:image");
    reading(all, "info -f qcow2 --backing-chain memory:image");
    reading(all, "measure -f qcow2 -O qcow2 memory:image");
    reading(all, "snapshot -l memory:image");
    io(all, "qcow2", "image", "write -P 9 1k 30k", "write -z 40k 8k", "discard 64k 16k");
    io(all, "qcow2", "dirty", "write -P 9 1k 30k", "flush", "write -P 8 100k 9k");
    io(all, "qcow2", "packed", "write -P 9 1k 30k", "write -c -P 7 200k 4k");
    io(all, "parallels", "parallels", "write -P 9 1k 30k", "discard 64k 16k", "flush");
    io(all, "raw", "raw", "write -P 9 1k 30k", "write -z 40k 8k", "flush");
    return List.copyOf(all);
  }

  private static List<String> split(String words) {
    var all = new ArrayList<String>(List.of("qemu-img"));
    all.addAll(List.of(words.split(" ", -1)));
    return all;
  }

  private static void making(List<FaultCase> all, String made, String words) {
    all.add(new FaultCase(split(words), List.of(), List.of(made)));
  }

  private static void changing(List<FaultCase> all, String words, String... changed) {
    all.add(new FaultCase(split(words), List.of(changed), List.of()));
  }

  private static void reading(List<FaultCase> all, String words) {
    all.add(new FaultCase(split(words), List.of(), List.of()));
  }

  private static void io(List<FaultCase> all, String format, String name, String... commands) {
    boolean options = format.equals("parallels");
    var words = new ArrayList<>(List.of("qemu-io", "-d", "unmap"));
    words.addAll(options ? List.of("--image-opts") : List.of("-f", format));
    for (String command : commands) {
      words.addAll(List.of("-c", command));
    }
    words.add(options ? FaultImages.parallels(name) : "memory:" + name);
    all.add(new FaultCase(words, List.of(format + ":" + name), List.of()));
  }

  /** The files that it must not change. */
  boolean mayChange(String file) {
    return changed.stream().anyMatch(image -> image.endsWith(":" + file))
        || made.stream().anyMatch(image -> image.endsWith(":" + file));
  }

  String name() {
    return String.join(" ", words);
  }
}
