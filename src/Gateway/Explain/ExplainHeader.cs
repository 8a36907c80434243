using System.Text;
using System.Text.Json;

namespace Meridian.Gateway.Explain;

/// <summary>Writes an explanation as a header value: compact JSON, only ASCII, short enough for clients and proxies.</summary>
internal static class ExplainHeader
{
    /// <summary>Maximum length, bytes.</summary>
    public const int MaxLength = 8 * 1024;

    /// <summary>Space for the field that tells how many candidates were left out, bytes.</summary>
    private const int Mark = 32;

    public static string Write(ExplainReport report)
    {
        var whole = JsonSerializer.SerializeToUtf8Bytes(report, ExplainJson.Default.ExplainReport);
        if (whole.Length <= MaxLength)
        {
            return Encoding.ASCII.GetString(whole);
        }

        // The order only repeats the candidates' names; without it there is room for more reasons. The lists in the boundary have no size limit, so the
        // boundary is dropped if it does not fit.
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
