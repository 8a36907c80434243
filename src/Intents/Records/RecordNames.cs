using System.Text.RegularExpressions;

namespace Meridian.Intents.Records;

/// <summary>The grammar of record names: parts of letters, digits, '.', '_' and '-'. Kinds whose names have several parts join them with '/'.</summary>
internal static partial class RecordNames
{
    /// <returns>The mistake in the name, or null.</returns>
    public static string? Mistake(string kind, string name) => kind switch
    {
        IntentKinds.Tenant => TenantName().IsMatch(name) ? null : "a tenant's name has 1 to 128 letters, digits, '.', '_' or '-'",
        IntentKinds.Model or IntentKinds.Deployment or IntentKinds.Policy => ModelName().IsMatch(name)
            ? null
            : "a model's name has parts of 1 to 96 letters, digits, '.', '_' or '-', each beginning with a letter or digit, joined by '/'",
        IntentKinds.Version => VersionName().IsMatch(name) ? null : "a version is named 'model/version'; a version has 1 to 96 letters, digits, '.', '_', '-', '+' or '@', beginning with a letter or digit",
        _ => PlainName().IsMatch(name) ? null : "the name has 1 to 96 letters, digits, '.', '_' or '-', beginning with a letter or digit",
    };

    /// <summary>The model's name in a version's name <c>model/version</c>.</summary>
    public static string ModelOf(string version) => version[..version.LastIndexOf('/')];

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex TenantName();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ModelName();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9][A-Za-z0-9._-]{0,95})*/[A-Za-z0-9][A-Za-z0-9._+@-]{0,95}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VersionName();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,95}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainName();
}
