using System.Runtime.InteropServices;

namespace Helios.Sdk.Diagnostics;

/// <summary>Checks whether what a backend needs could be loaded, without loading it.</summary>
internal static class BackendProbe
{
    public static BackendReport Probe(KnownBackend backend, KnownDevice device)
    {
        var tried = new List<string>();
        var assemblies = device.Assemblies.Where(name => !HasAssembly(name, tried)).Select(name => $"the assembly {name}").ToList();
        var libraries = device.Libraries.Where(name => !HasLibrary(name, tried)).Select(name => $"the native library {FileName(name)}").ToList();
        string?[] packages = [assemblies.Count > 0 ? backend.Package : null, libraries.Count > 0 ? device.LibraryPackage : null];
        var because = assemblies.Count + libraries.Count == 0
            ? null
            : $"Not found: {string.Join(", ", assemblies.Concat(libraries))}. Add the package {string.Join(" and the package ", packages.OfType<string>())}.";
        return new BackendReport(backend.Name, device.Name, backend.Package, because is null, because, [.. tried.Distinct(StringComparer.Ordinal)]);
    }

    private static bool HasAssembly(string name, List<string> tried)
    {
        if (Array.Exists(AppDomain.CurrentDomain.GetAssemblies(), assembly => assembly.GetName().Name == name)) return true;
        var file = $"{name}.dll";
        if (Listed("TRUSTED_PLATFORM_ASSEMBLIES").Any(path => Path.GetFileName(path) == file)) return true;
        return Exists(Path.Combine(AppContext.BaseDirectory, file), tried);
    }

    private static bool HasLibrary(string name, List<string> tried)
    {
        var system = OperatingSystem.IsWindows() ? "PATH" : OperatingSystem.IsMacOS() ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
        var places = Listed("NATIVE_DLL_SEARCH_DIRECTORIES")
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Append(AppContext.BaseDirectory)
            .Concat(Split(Environment.GetEnvironmentVariable(system)));
        return places.Any(place => Exists(Path.Combine(place, FileName(name)), tried));
    }

    private static string FileName(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static bool Exists(string path, List<string> tried)
    {
        if (File.Exists(path)) return true;
        tried.Add(path);
        return false;
    }

    /// <summary>A list of paths that the host of the runtime hands over.</summary>
    private static string[] Listed(string name) => Split(AppContext.GetData(name) as string);

    private static string[] Split(string? paths) => paths?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [];
}
