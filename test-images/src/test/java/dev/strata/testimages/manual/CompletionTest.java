// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages.manual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys typed into a real shell on a terminal, and the command line that comes of them. */
@Execution(ExecutionMode.CONCURRENT)
final class CompletionTest {
  private static final String TAB = "\t";
  private static final String INSERT_ALL = "\033*";
  private static final String LINE_START = "\001";

  @TempDir private Path folder;

  @BeforeEach
  void files() throws IOException {
    Files.writeString(folder.resolve("bash"), Programs.strata("completion", "bash"));
    Files.writeString(folder.resolve("_strata"), Programs.strata("completion", "zsh"));
    Files.createFile(folder.resolve("disk.qcow2"));
  }

  /** The line after the keys; readline ends what is unambiguous with a space or not. */
  private String bash(String keys) throws IOException, InterruptedException {
    Programs.assumeInstalled("script");
    String typed =
        "PS1= ; bind 'set bell-style none'; source ./bash\n"
            + keys
            + LINE_START
            + "printf '<%s>\\n' '\005'\n"
            + "exit\n";
    Programs.assumeInstalled("bash");
    String shown =
        Programs.run(
            folder, typed, "script", "-qec", "TERM=dumb bash --norc --noprofile -i", "out");
    int start = shown.lastIndexOf("\n<");
    assertTrue(start >= 0, shown);
    return shown.substring(start + 2, shown.indexOf('>', start));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "qemu-img conv | qemu-img convert",
        "strata img conv | strata img convert",
        "strata comp | strata completion",
        "strata completion z | strata completion zsh",
        "strata man qemu-i" + "o | strata man qemu-io",
        "qemu-img create -f parall | qemu-img create -f parallels",
        "qemu-img create --format=parall | qemu-img create --format=parallels",
        "qemu-img convert -t writeb | qemu-img convert -t writeback",
        "qemu-img info --outp | qemu-img info --output=",
        "qemu-img info --output=js | qemu-img info --output=json",
        "qemu-img info dis | qemu-img info disk.qcow2",
        "qemu-img convert -f qcow2 dis | qemu-img convert -f qcow2 disk.qcow2",
        "qemu-img create -f qcow2 -o cluster | qemu-img create -f qcow2 -o cluster_size=",
        "qemu-img create -o comp -f qcow2 | qemu-img create -o comp -f qcow2",
        "qemu-img create -f qcow2 -o cluster_size=4k,lazy"
            + " | qemu-img create -f qcow2 -o cluster_size=4k,lazy_refcounts=",
        "qemu-img create -f qcow2 -o compression_type=zs"
            + " | qemu-img create -f qcow2 -o compression_type=zstd",
        "qemu-img convert -O parallels -o clus | qemu-img convert -O parallels -o cluster_size=",
        "qemu-img amend -o lazy | qemu-img amend -o lazy_refcounts=",
        "qemu-img dd if=dis | qemu-img dd if=disk.qcow2",
        "qemu-img dd if=disk.qcow2 cou | qemu-img dd if=disk.qcow2 count=",
        "qemu-io -c wait | qemu-io -c wait_break",
        "qemu-io -t direct | qemu-io -t directsync",
        "qemu-img -T x resi | qemu-img -T x resize",
      })
  void bashCompletes(String typed, String completed) throws IOException, InterruptedException {
    assertEquals(completed, bash(typed + TAB).strip());
  }

  @Test
  void bashOffersAllCommandsAndAllFormats() throws IOException, InterruptedException {
    String commands = bash("qemu-img " + INSERT_ALL);
    for (String name : "check compare convert create dd info map measure snapshot".split(" ")) {
      assertTrue(commands.contains(" " + name + " "), commands);
    }
    String formats = bash("qemu-img convert -O " + INSERT_ALL);
    assertEquals(
        "qemu-img convert -O luks parallels qcow qcow2 qed raw vdi vhdx vmdk vpc", formats.strip());
  }

  @Test
  void bashOffersTheOptionsOfTheFormatOnly() throws IOException, InterruptedException {
    String raw = bash("qemu-img create -f raw -o " + INSERT_ALL);
    assertTrue(raw.contains("preallocation="), raw);
    assertFalse(raw.contains("cluster_size="), raw);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "qemu-img conv | qemu-img convert",
        "strata img conv | strata img convert",
        "qemu-img create -f parall | qemu-img create -f parallels",
        "qemu-img info --output=js | qemu-img info --output=json",
        "qemu-img info dis | qemu-img info disk.qcow2",
        "qemu-img create -f qcow2 -o cluster | qemu-img create -f qcow2 -o cluster_size=",
        "qemu-img create -f qcow2 -o cluster_size=4k,lazy"
            + " | qemu-img create -f qcow2 -o cluster_size=4k,lazy_refcounts=",
        "qemu-img create -f qcow2 -o compression_type=zs"
            + " | qemu-img create -f qcow2 -o compression_type=zstd",
        "qemu-img dd if=dis | qemu-img dd if=disk.qcow2",
        "qemu-io -t direct | qemu-io -t directsync",
      })
  void zshCompletes(String typed, String completed) throws IOException, InterruptedException {
    Programs.assumeInstalled("script");
    Programs.assumeInstalled("zsh");
    // The widget prints the line to a file: what a terminal shows has the editor's codes in it.
    String keys =
        "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D;"
            + " show() { print -r -- $BUFFER > line; exit }; zle -N show; bindkey '^X' show\n"
            + typed
            + TAB
            + "\030";
    Programs.run(folder, keys, "script", "-qec", "TERM=dumb zsh -f -i", "out");
    assertEquals(completed, Files.readString(folder.resolve("line")).strip());
  }
}
