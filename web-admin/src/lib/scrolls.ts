/** Lets the keyboard scroll what is wider or higher than its room, and only that. For {@attach}. */
export function scrolls(node: HTMLElement): () => void {
  const look = () => {
    const more = node.scrollWidth > node.clientWidth || node.scrollHeight > node.clientHeight;
    if (more) {
      node.tabIndex = 0;
      node.setAttribute('role', 'group');
      node.setAttribute('aria-label', 'Scrolls');
    } else {
      node.removeAttribute('tabindex');
      node.removeAttribute('role');
      node.removeAttribute('aria-label');
    }
  };
  const sizes = new ResizeObserver(look);
  sizes.observe(node);
  if (node.firstElementChild) sizes.observe(node.firstElementChild);
  return () => sizes.disconnect();
}
