using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Meridian.Wan.Scenarios;

/// <summary>A failure in one word, to count by.</summary>
internal static partial class FailureCode
{
    /// <summary>The error code of an answer's body, else its status.</summary>
    public static string Of(string body, int status) =>
        Code().Match(body) is { Success: true } match ? match.Groups[1].Value : status.ToString(CultureInfo.InvariantCulture);

    /// <summary>What broke the connection.</summary>
    public static string Of(Exception error) =>
        error.GetBaseException() is SocketException socket ? socket.SocketErrorCode.ToString() : error.GetBaseException().GetType().Name;

    [GeneratedRegex("\"code\"\\s*:\\s*\"([a-z_]+)\"")]
    private static partial Regex Code();
}
