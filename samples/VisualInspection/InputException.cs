namespace VisualInspection;

/// <summary>What the user gave can't be used; the message says what came, what was due and what to do, in one line.</summary>
internal sealed class InputException(string message) : Exception(message);
