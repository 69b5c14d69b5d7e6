// The theme fetches mermaid from a public network unless there is one: this is it, loaded at the first diagram from the
// copy that NiceGUI ships. `initialize` comes first and is called once.
window.mermaid = {
  initialize(options) {
    this.module = import("./mermaid/index.js").then(({ mermaid }) => {
      mermaid.initialize(options);
      return mermaid;
    });
  },
  async render(id, text) {
    return (await this.module).render(id, text);
  },
};
