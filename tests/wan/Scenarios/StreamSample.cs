namespace Meridian.Wan.Scenarios;

/// <summary>One streamed completion as its caller saw it. Times since the start of the load.</summary>
/// <param name="Due">When the schedule wanted it sent.</param>
/// <param name="Region">Region that served first (<c>x-meridian-region</c>), or null.</param>
/// <param name="FirstToken">When the first piece of text came, or null.</param>
/// <param name="Stall">Longest silence between two pieces, also before the end.</param>
/// <param name="Done">When it was over.</param>
/// <param name="Tokens">Completion tokens of its usage; 0 where it broke off.</param>
/// <param name="Text">What came.</param>
/// <param name="Failure">Code of the error, or null.</param>
internal sealed record StreamSample(TimeSpan Due, string? Region, TimeSpan? FirstToken, TimeSpan Stall, TimeSpan Done, int Tokens, string Text, string? Failure);
