// The pages of examples/web, driven end to end in Chromium. One file, since they are built and served once.
import "./bench";
import "./playground";
import "./playground-data";
import "./playground-field";
import "./playground-large";
import "./playground-sky";
import "./report";
import "./kernel";
