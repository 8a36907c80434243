using Meridian.Wan.Lab;

namespace Meridian.Wan.Tests;

/// <summary>Gives a test its lab, or skips it and says what the machine lacks.</summary>
internal static class NeedsLab
{
    private static readonly string? Reason = WanLab.Missing();

    public static WanLab Create(params string[] sites)
    {
        Assert.SkipWhen(Reason is not null, Reason ?? "");
        var lab = new WanLab();
        foreach (var site in sites)
        {
            lab.AddSite(site);
        }

        return lab;
    }

    /// <summary>The lower quartile: what the link gives, with little of what a busy machine adds.</summary>
    public static TimeSpan Typical(this TimeSpan[] times) => times.Order().ElementAt(times.Length / 4);

    public static TimeSpan Ms(this int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
