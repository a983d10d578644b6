using Helios.Sdk.TorchSharp.Devices;

namespace Helios.Sdk.TorchSharp.Tests.Devices;

public sealed class NativeLibrariesTests
{
    private const string Runtime =
        "Unable to load shared library 'LibTorchSharp' or one of its dependencies. In order to help diagnose loading problems, consider using a tool like strace. "
        + "If you're using glibc, consider setting the LD_DEBUG environment variable: \n";

    [Fact]
    public void A_system_that_is_too_old_is_reported_by_the_version_it_lacks_and_by_systems_that_have_it()
    {
        var message = NativeLibraries.Explain("LibTorchSharp", "TorchSharp-cpu", Runtime + """
            /lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /app/runtimes/linux-x64/native/libLibTorchSharp.so)
            /app/LibTorchSharp.so: cannot open shared object file: No such file or directory
            libLibTorchSharp.so: cannot open shared object file: No such file or directory
            """, hasOldRuntime: false);
        message.Should().StartWith("it needs GLIBCXX_3.4.32, which libstdc++.so.6 of this system does not have. ").And.Contain("Debian 13").And.Contain("Ubuntu 24.04")
            .And.EndWith("version `GLIBCXX_3.4.32' not found (required by /app/runtimes/linux-x64/native/libLibTorchSharp.so)")
            .And.NotContain("package", "no package helps");
    }

    [Fact]
    public void A_library_that_needs_another_is_reported_by_the_other()
    {
        var message = NativeLibraries.Explain("LibTorchSharp", "TorchSharp-cpu", Runtime + """
            libc10.so: cannot open shared object file: No such file or directory
            /app/LibTorchSharp.so: cannot open shared object file: No such file or directory
            """, hasOldRuntime: false);
        message.Should().StartWith("it needs libc10.so, which is missing. Add the package TorchSharp-cpu,");
    }

    [Fact]
    public void A_library_that_is_not_there_is_reported_by_the_package_without_the_places_that_were_tried()
    {
        var message = NativeLibraries.Explain("LibTorchSharp", "TorchSharp-cpu", Runtime + """
            /app/LibTorchSharp.so: cannot open shared object file: No such file or directory
            libLibTorchSharp.so: cannot open shared object file: No such file or directory
            LibTorchSharp: cannot open shared object file: No such file or directory
            """, hasOldRuntime: false);
        message.Should().Be("add the package TorchSharp-cpu. Unable to load shared library 'LibTorchSharp' or one of its dependencies.");
    }

    [Fact]
    public void What_comes_after_the_package_is_reported_with_it()
    {
        var message = NativeLibraries.Explain("torch_cpu", "TorchSharp-cpu", "Unable to load shared library 'torch_cpu' or one of its dependencies. In order to help diagnose loading problems, ...", hasOldRuntime: true);
        message.Should().StartWith("add the package TorchSharp-cpu. LibTorchSharp needs GLIBCXX_3.4.32, too").And.Contain("Debian 13").And.EndWith("'torch_cpu' or one of its dependencies.");
    }

    [Fact]
    public void Other_words_of_a_loader_are_reported_as_they_are() =>
        NativeLibraries.Explain("torch_cpu", "TorchSharp-cpu", "Unable to load DLL 'torch_cpu' or one of its dependencies: The specified module could not be found. (0x8007007E)", hasOldRuntime: false)
            .Should().Be("add the package TorchSharp-cpu. Unable to load DLL 'torch_cpu' or one of its dependencies: The specified module could not be found. (0x8007007E)");
}
