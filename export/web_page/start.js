/* Starts the page, or shows why it cannot start. This is a classic script in old syntax, because it must run where
   main.js cannot: at file:// addresses, from which browsers load no modules, and in old browsers. */
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
      "This page needs a web server. In the folder of this page, start " +
        "“python -m http.server” and open http://localhost:8000."
    );
  } else if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    refuse("This browser has no WebAssembly, which runs the model: it is too old, or WebAssembly is disabled.");
  } else if (!("noModule" in HTMLScriptElement.prototype)) {
    refuse("This browser is too old for this page: it does not support JavaScript modules.");
  } else {
    var script = document.createElement("script");
    script.type = "module";
    script.src = "main.js";
    script.onerror = function () {
      refuse("A script of this page could not be loaded. Reload the page; if the error stays, export the page again.");
    };
    document.body.appendChild(script);
  }
})();
