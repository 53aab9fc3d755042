/* Starts the page, or says in one sentence why it cannot start. A classic script in plain old syntax: browsers load no
   modules from file:// addresses, and old ones cannot read them, so this must run where main.js does not. */
(function () {
  "use strict";

  function refuse(message) {
    var box = document.getElementById("error");
    box.textContent = message;
    box.hidden = false;
    document.getElementById("loading").hidden = true;
  }

  if (location.protocol === "file:") {
    refuse(
      "A browser runs this page from a web server only. In the folder of this page, start " +
        "“python -m http.server” and open http://localhost:8000."
    );
  } else if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    refuse("This browser has no WebAssembly, which runs the model: it is too old, or WebAssembly is switched off.");
  } else if (!("noModule" in HTMLScriptElement.prototype)) {
    refuse("This browser is too old for this page: it knows no JavaScript modules.");
  } else {
    var script = document.createElement("script");
    script.type = "module";
    script.src = "main.js";
    script.onerror = function () {
      refuse("A script of this page could not be loaded. Reload the page; if that does not help, export it again.");
    };
    document.body.appendChild(script);
  }
})();
