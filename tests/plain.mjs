// Texts are compared without the colours that a terminal, or CI=true, would bring.
process.env.NO_COLOR = "1";
