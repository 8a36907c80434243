using System.Globalization;

namespace Meridian.Samples.Chat;

/// <summary>Who told a story, and how fast.</summary>
/// <param name="Region">Region that served.</param>
/// <param name="Version">Version that served.</param>
/// <param name="Tokens">Tokens of the story.</param>
/// <param name="First">Time to the first text.</param>
/// <param name="Whole">Time to the end.</param>
internal sealed record Telling(string Region, string Version, long Tokens, TimeSpan First, TimeSpan Whole)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Tokens} tokens, {Tokens / Whole.TotalSeconds:0} a second, first text after {First.TotalMilliseconds:0} ms, served by {Region}, version {Version}");
}
