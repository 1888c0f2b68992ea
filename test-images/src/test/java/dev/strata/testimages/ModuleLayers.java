// SPDX-License-Identifier: Apache-2.0
package dev.strata.testimages;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The packages of one module in the order in which they stand on each other.
 *
 * <p>A layer is a package with everything below it, unless a more specific layer has it. A class
 * may use its own layer and those named before it; classes outside the module are none of this
 * rule's business.
 *
 * @param root the module's own package: every class of the module is in it or below it
 * @param layers the packages, from the bottom up; {@code root} itself stands for the classes
 *     directly in it
 */
record ModuleLayers(String root, List<String> layers) {

  /** What in {@code classes} breaks the order; classes of packages without a layer are reported. */
  List<String> violations(JavaClasses classes) {
    Set<String> found = new TreeSet<>();
    for (JavaClass origin : classes) {
      if (!isInside(origin.getPackageName(), root)) {
        continue;
      }
      Optional<String> from = layerOf(origin.getPackageName());
      if (from.isEmpty()) {
        found.add(origin.getPackageName() + " has no place among the layers of " + root);
        continue;
      }
      for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (!isInside(target, root)) {
          continue;
        }
        Optional<String> to = layerOf(target);
        if (to.isPresent() && layers.indexOf(to.get()) > layers.indexOf(from.get())) {
          found.add(from.get() + " is below " + to.get() + ": " + dependency.getDescription());
        }
      }
    }
    return new ArrayList<>(found);
  }

  private Optional<String> layerOf(String packageName) {
    String best = null;
    for (String layer : layers) {
      boolean matches =
          layer.equals(root) ? packageName.equals(root) : isInside(packageName, layer);
      if (matches && (best == null || layer.length() > best.length())) {
        best = layer;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Whether a package is the other one or below it. */
  static boolean isInside(String packageName, String other) {
    return packageName.equals(other) || packageName.startsWith(other + ".");
  }
}
