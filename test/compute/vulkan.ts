// A Vulkan driver in software, so that the WebGPU backend can be tested without a graphics card.
import { existsSync } from "node:fs";

/** Where Chromium and Chrome keep SwiftShader's description. Mesa's llvmpipe is not enough: Dawn refuses it. */
const places = [
  "/usr/lib/chromium",
  "/usr/lib64/chromium-browser",
  "/usr/lib/chromium-browser",
  "/opt/google/chrome",
  "/opt/microsoft/msedge",
];

/**
 * Point Vulkan to SwiftShader where nobody chose a driver. To be called before Dawn is loaded.
 *
 * @returns the driver, for the test's report, or null where there is none
 */
export function softwareVulkan(): string | null {
  const chosen = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
  if (chosen) return chosen;
  const found = places.map((place) => `${place}/vk_swiftshader_icd.json`).find((file) => existsSync(file));
  if (found === undefined) return null;
  process.env["VK_ICD_FILENAMES"] = found; // older loaders know this name only
  process.env["VK_DRIVER_FILES"] = found;
  return found;
}
