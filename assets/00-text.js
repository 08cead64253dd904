// The words of the screens: window.fpu.strings is loaded before this file, in one language.
window.fpu = window.fpu || {};

/** The text of a key with its {placeholders} filled; an unknown key is shown as it is. */
window.fpu.text = function (key, values) {
  const template = (window.fpu.strings || {})[key];
  if (template === undefined) {
    console.error("no text for", key);
    return key;
  }
  return template.replace(/\{(\w+)\}/g, function (whole, name) {
    return values && name in values ? String(values[name]) : whole;
  });
};
