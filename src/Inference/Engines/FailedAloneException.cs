namespace Meridian.Inference.Engines;

/// <summary>
/// The model cannot compute one piece of work. Its run fails even when it runs alone, while the engine computes other work. Another replica would fail on it,
/// too.
/// </summary>
/// <param name="model">Model, version and variant of the engine.</param>
/// <param name="work">The failing piece of work, for example <c>input[3]</c>.</param>
/// <param name="cause">Exception of the failed run.</param>
public sealed class FailedAloneException(string model, string work, Exception cause) : Exception($"Model {model} fails on {work}: {Reason(cause)}", cause)
{
    private const int MostReason = 300;

    private static string Reason(Exception cause)
    {
        var message = cause.Message;
        var end = message.AsSpan().IndexOfAny('\r', '\n');
        var line = end < 0 ? message : message[..end];
        return line.Length <= MostReason ? line : $"{line[..MostReason]}...";
    }
}
