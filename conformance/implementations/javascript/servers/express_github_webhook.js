// express-github-webhook: its middleware after Express's parser of JSON.
"use strict";

const { installed, options, secret, serve } = require("../_serve.js");
const express = require("express");
const GithubWebHook = require("express-github-webhook");

options([]);
const handler = GithubWebHook({ path: "/hook", secret: secret() });
handler.on("error", () => {}); // a handler that nobody listens to throws
const app = express();
app.set("env", "test"); // Express prints nothing; its error page stays the one of development
app.use(express.json());
app.use(handler);
serve(app, { ...installed("express-github-webhook"), schemes: ["github-sha1"] });
