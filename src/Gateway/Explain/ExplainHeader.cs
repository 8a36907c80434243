using System.Text;
using System.Text.Json;

namespace Meridian.Gateway.Explain;

/// <summary>An explanation as a header: compact JSON, ASCII alone, of a length that clients and proxies take.</summary>
internal static class ExplainHeader
{
    /// <summary>Most bytes.</summary>
    public const int MaxLength = 8 * 1024;

    /// <summary>Room for the mark that candidates were left out.</summary>
    private const int Mark = 32;

    public static string Write(ExplainReport report)
    {
        var whole = JsonSerializer.SerializeToUtf8Bytes(report, ExplainJson.Default.ExplainReport);
        if (whole.Length <= MaxLength)
        {
            return Encoding.ASCII.GetString(whole);
        }

        // The order repeats the candidates' names; without it there is room for more reasons. Lists of a boundary's rules have no bound of their own.
        var frame = report with { Order = null, Candidates = [] };
        if (Length(frame) + Mark > MaxLength)
        {
            frame = frame with { Boundary = null };
        }

        var left = MaxLength - Mark - Length(frame);
        var kept = 0;
        while (kept < report.Candidates.Length)
        {
            left -= JsonSerializer.SerializeToUtf8Bytes(report.Candidates[kept], ExplainJson.Default.ExplainCandidate).Length + 1;
            if (left < 0)
            {
                break;
            }

            kept++;
        }

        return Encoding.ASCII.GetString(JsonSerializer.SerializeToUtf8Bytes(
            frame with { Candidates = report.Candidates[..kept], Truncated = report.Candidates.Length - kept }, ExplainJson.Default.ExplainReport));
    }

    private static int Length(ExplainReport report) => JsonSerializer.SerializeToUtf8Bytes(report, ExplainJson.Default.ExplainReport).Length;
}
