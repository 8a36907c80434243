namespace Meridian.ModelTools.Commands;

/// <summary>Something on the command line is wrong; the message names option, value and remedy.</summary>
public sealed class MistakeException(string message) : Exception(message);
