// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The dependency directions of all modules, and the names that no package or class may have. */
final class ArchitectureTest {
  private static final String BLOCK = "dev.strata.block";
  private static final String FORMATS = "dev.strata.formats";
  private static final String TLS = "dev.strata.tls";
  private static final String ARCHIVE = "dev.strata.archive";
  private static final String MONITOR = "dev.strata.monitor";
  private static final List<String> TOOLS =
      List.of(
          "dev.strata.imgtool", "dev.strata.iotool", "dev.strata.nbdserver", "dev.strata.system");

  /** The packages of the block layer that drive something; none knows another. */
  private static final List<String> DRIVERS =
      List.of(
          BLOCK + ".file",
          BLOCK + ".synthetic",
          BLOCK + ".filter",
          BLOCK + ".nbd",
          BLOCK + ".iscsi",
          BLOCK + ".http");

  private static final ModuleLayers BLOCK_LAYERS =
      new ModuleLayers(
          BLOCK,
          below(
              BLOCK,
              "",
              ".json",
              ".layout",
              ".option",
              ".posix",
              ".bitmap",
              ".throttle",
              ".tls",
              ".object",
              ".driver",
              ".archive",
              ".file",
              ".synthetic",
              ".filter",
              ".nbd",
              ".iscsi",
              ".http",
              ".graph",
              ".serve",
              ".compare",
              ".copy",
              ".image",
              ".job",
              ".drive",
              ".virtio"));

  private static final ModuleLayers MONITOR_LAYERS =
      new ModuleLayers(
          MONITOR,
          below(
              MONITOR,
              "",
              ".schema",
              ".commandline",
              ".tour",
              ".manual",
              ".qmp",
              ".chardev",
              ".hmp",
              ".vhost",
              ".command",
              ".daemon"));

  private static final String SYSTEM = "dev.strata.system";

  private static final ModuleLayers SYSTEM_LAYERS =
      new ModuleLayers(
          SYSTEM,
          below(
              SYSTEM,
              ".log",
              ".state",
              ".memory",
              ".clock",
              ".cpu.ir",
              ".cpu.softfloat",
              ".cpu",
              ".cpu.interpret",
              ".cpu.translate",
              ".cpu.x86",
              ".chardev",
              ".device",
              ".firmware",
              ".display",
              ".machine",
              ".snapshot",
              ".hmp",
              ".migration",
              ".qmp",
              ".qtest",
              ""));

  private static final ModuleLayers NBD_LAYERS =
      new ModuleLayers(
          "dev.strata.nbdserver", below("dev.strata.nbdserver", "", ".tool", ".command"));

  /** What formats share; all other packages of the module are a format each. */
  private static final List<String> FORMAT_FOUNDATIONS =
      List.of(FORMATS + ".crypto", FORMATS + ".compression", FORMATS + ".table");

  private static final Pattern FORBIDDEN_CLASS =
      Pattern.compile("(Utils?|Utilities|Helpers?|Managers?|Common|Impl|Base)$");

  private static final Pattern FORBIDDEN_PACKAGE =
      Pattern.compile("\\.(utils?|utilities|helpers?|managers?|common|impl|base)(\\.|$)");

  private static JavaClasses classes;

  @BeforeAll
  static void readClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.strata");
  }

  @Test
  void everyModuleIsLookedAt() {
    var modules = new ArrayList<>(List.of(BLOCK, FORMATS, TLS, ARCHIVE, MONITOR));
    modules.addAll(TOOLS);
    for (String module : modules) {
      assertTrue(
          classes.stream().anyMatch(c -> ModuleLayers.isInside(c.getPackageName(), module)),
          "no class of " + module + " was found");
    }
  }

  @Test
  void packagesOfTheBlockLayerUseOnlyThoseBeforeThem() {
    assertNone(BLOCK_LAYERS.violations(classes));
  }

  @Test
  void packagesOfTheMonitorUseOnlyThoseBeforeThem() {
    assertNone(MONITOR_LAYERS.violations(classes));
  }

  @Test
  void packagesOfTheEmulatorUseOnlyThoseBeforeThem() {
    assertNone(SYSTEM_LAYERS.violations(classes));
  }

  @Test
  void devicesKnowNoProcessor() {
    assertTrue(
        classes.stream()
            .filter(c -> ModuleLayers.isInside(c.getPackageName(), SYSTEM + ".device"))
            .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
            .noneMatch(
                d -> ModuleLayers.isInside(d.getTargetClass().getPackageName(), SYSTEM + ".cpu")));
  }

  @Test
  void theServerKnowsNothingOfItsCommandLine() {
    assertNone(NBD_LAYERS.violations(classes));
  }

  @Test
  void driversDoNotKnowEachOther() {
    assertNone(mutualUses(DRIVERS));
  }

  @Test
  void theGraphKnowsNoDriver() {
    assertNone(uses(List.of(BLOCK + ".graph"), DRIVERS));
  }

  /**
   * Of compressed files liblzma decodes those that take Java twice as long, and libdeflate packs
   * clusters in half of the time.
   */
  @Test
  void onlyThePosixCryptoCompressionAndArchivePackagesCallForeignFunctions() {
    List<String> found = new ArrayList<>();
    for (JavaClass origin : classes) {
      if (ModuleLayers.isInside(origin.getPackageName(), BLOCK + ".posix")
          || ModuleLayers.isInside(origin.getPackageName(), FORMATS + ".crypto")
          || ModuleLayers.isInside(origin.getPackageName(), FORMATS + ".compression")
          || ModuleLayers.isInside(origin.getPackageName(), BLOCK + ".archive")) {
        continue;
      }
      for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getName();
        if (target.equals("java.lang.foreign.Linker")
            || target.equals("java.lang.foreign.SymbolLookup")) {
          found.add(dependency.getDescription());
        }
      }
    }
    assertNone(found);
  }

  /** It costs those who do not use it nothing. */
  @Test
  void onlyIscsiNeedsJna() {
    List<String> found = new ArrayList<>();
    for (JavaClass origin : classes) {
      for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
        if (dependency.getTargetClass().getPackageName().equals("com.sun.jna")
            && !origin.getPackageName().equals(BLOCK + ".iscsi")) {
          found.add(dependency.getDescription());
        }
      }
    }
    assertNone(found);
  }

  @Test
  void formatsDoNotKnowEachOther() {
    assertNone(mutualUses(formatPackages()));
  }

  @Test
  void whatFormatsShareKnowsNoFormat() {
    assertNone(uses(FORMAT_FOUNDATIONS, formatPackages()));
  }

  @Test
  void formatsUseTheBlockLayerOnlyUpToItsDrivers() {
    List<String> forbidden = new ArrayList<>(DRIVERS);
    forbidden.addAll(List.of(BLOCK + ".posix", BLOCK + ".graph", BLOCK + ".copy", BLOCK + ".job"));
    var found = new ArrayList<>(uses(List.of(FORMATS), forbidden));
    // A folder's files are opened without waiting, which only the system's own call can do.
    found.removeIf(each -> each.contains(FORMATS + ".vvfat.") && each.contains(BLOCK + ".posix."));
    assertNone(found);
  }

  @Test
  void nothingKnowsTheFormats() {
    var origins = new ArrayList<>(List.of(BLOCK, MONITOR));
    origins.addAll(TOOLS);
    assertNone(uses(origins, List.of(FORMATS)));
  }

  @Test
  void nothingKnowsTheProviderOfTls() {
    var origins = new ArrayList<>(List.of(BLOCK, FORMATS, MONITOR));
    origins.addAll(TOOLS);
    assertNone(uses(origins, List.of(TLS, "org.bouncycastle.tls")));
  }

  @Test
  void nothingKnowsTheProviderOfArchives() {
    var origins = new ArrayList<>(List.of(BLOCK, FORMATS, MONITOR));
    origins.addAll(TOOLS);
    assertNone(uses(origins, List.of(ARCHIVE, "org.apache.commons", "org.tukaani")));
  }

  @Test
  void modulesUseOnlyThoseBelowThem() {
    List<String> above = new ArrayList<>(TOOLS);
    assertNone(uses(List.of(MONITOR), above));
    above.add(MONITOR);
    assertNone(uses(List.of(BLOCK, FORMATS, TLS, ARCHIVE), above));
    assertNone(mutualUses(TOOLS));
  }

  @Test
  void namesSayWhatAThingIs() {
    TreeSet<String> found = new TreeSet<>();
    for (JavaClass named : classes) {
      if (FORBIDDEN_CLASS.matcher(named.getSimpleName()).find()
          || FORBIDDEN_PACKAGE.matcher(named.getPackageName()).find()) {
        found.add(named.getName());
      }
    }
    assertNone(found);
  }

  /** The rules themselves: an order turned upside down has to be refused. */
  @Test
  void aBrokenOrderIsReported() {
    ModuleLayers upsideDown = new ModuleLayers(BLOCK, List.of(BLOCK + ".graph", BLOCK));
    ModuleLayers incomplete = new ModuleLayers(BLOCK, List.of(BLOCK + ".absent"));
    assertFalse(incomplete.violations(classes).isEmpty());
    assertFalse(upsideDown.violations(classes).isEmpty());
    assertFalse(uses(List.of(BLOCK + ".graph"), List.of(BLOCK)).isEmpty());
    assertTrue(FORBIDDEN_CLASS.matcher("QcowUtil").find());
    assertTrue(FORBIDDEN_PACKAGE.matcher("dev.strata.block.common").find());
  }

  private static List<String> formatPackages() {
    TreeSet<String> found = new TreeSet<>();
    for (JavaClass each : classes) {
      String name = each.getPackageName();
      if (name.startsWith(FORMATS + ".")) {
        int end = name.indexOf('.', FORMATS.length() + 1);
        found.add(end < 0 ? name : name.substring(0, end));
      }
    }
    found.removeAll(FORMAT_FOUNDATIONS);
    return List.copyOf(found);
  }

  private static List<String> mutualUses(List<String> packages) {
    List<String> found = new ArrayList<>();
    for (String each : packages) {
      found.addAll(uses(List.of(each), packages.stream().filter(p -> !p.equals(each)).toList()));
    }
    return found;
  }

  private static List<String> uses(List<String> origins, List<String> targets) {
    TreeSet<String> found = new TreeSet<>();
    for (JavaClass origin : classes) {
      if (!isInsideAny(origin, origins)) {
        continue;
      }
      for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
        if (isInsideAny(dependency.getTargetClass().getBaseComponentType(), targets)) {
          found.add(dependency.getDescription());
        }
      }
    }
    return List.copyOf(found);
  }

  private static boolean isInsideAny(JavaClass each, List<String> packages) {
    return packages.stream().anyMatch(p -> ModuleLayers.isInside(each.getPackageName(), p));
  }

  private static List<String> below(String root, String... suffixes) {
    List<String> names = new ArrayList<>();
    for (String suffix : suffixes) {
      names.add(root + suffix);
    }
    return List.copyOf(names);
  }

  private static void assertNone(Collection<String> violations) {
    assertEquals("", String.join("\n", violations));
  }
}
