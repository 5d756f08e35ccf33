// Pages that are opened as files may start no worker, which the search is: it runs in a hidden frame instead.
if (location.protocol === "file:")
  window.Worker = class extends EventTarget {
    constructor(script) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.waiting = [];
      document.body.append(this.frame);
      const inside = this.frame.contentDocument;
      const window_ = this.frame.contentWindow;
      window_.importScripts = (...names) =>
        names.reduce((before, name) => before.then(() => load(inside, name)), Promise.resolve());
      window_.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      load(inside, script).then(() => {
        this.ready = true;
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      });
    }
    postMessage(data) {
      if (!this.ready) this.waiting.push(data);
      else this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }
    terminate() {
      this.frame.remove();
    }
  };

function load(page, address) {
  return new Promise((done) => {
    const script = page.createElement("script");
    script.src = address;
    script.onload = done;
    page.body.append(script);
  });
}
