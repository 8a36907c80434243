using System.Reflection;

namespace Meridian.Grains.Tests.Routing;

/// <summary>Orleans gives a call up after its response timeout, whatever the request's deadline says.</summary>
public sealed class CallLimitTests
{
    /// <summary>The longest deadline that anybody may set: the .NET client's.</summary>
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(1);

    [Theory]
    [InlineData(typeof(IModelShard), "Infer")]
    [InlineData(typeof(IModelShard), "Open")]
    [InlineData(typeof(IRegionRouter), "Infer")]
    [InlineData(typeof(IRegionRouter), "Open")]
    [InlineData(typeof(IRegionEndpoint), "Infer")]
    [InlineData(typeof(IRegionEndpoint), "Open")]
    public void A_call_that_carries_a_request_outlasts_every_deadline(Type grain, string method)
    {
        var limit = grain.GetMethod(method)!.GetCustomAttribute<ResponseTimeoutAttribute>();

        Assert.NotNull(limit);
        Assert.True(limit.Timeout > LongestDeadline, $"{grain.Name}.{method} is given up after {limit.Timeout}.");
    }
}
