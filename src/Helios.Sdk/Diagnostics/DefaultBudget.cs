namespace Helios.Sdk.Diagnostics;

/// <summary>The memory budget where none is configured.</summary>
internal static class DefaultBudget
{
    /// <summary>Half of what the device offers this process.</summary>
    /// <param name="offered">Bytes.</param>
    public static long Of(long offered) => Math.Max(1, offered / 2);
}
