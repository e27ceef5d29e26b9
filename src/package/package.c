/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The life of a package and what others get to see of it. */

#include "package/package.h"

#include "package/image.h"
#include "package/package-private.h"
#include "package/path.h"

static char *
display_name (const char *name)
{
    g_autofree char *printable = mfu_path_printable (mfu_path_base (name != NULL ? name : ""));
    const char *ending = mfu_path_archive_ending (printable);

    g_strstrip (printable);
    if (ending != NULL && ending > printable)
        printable[ending - printable] = '\0';
    return g_strdup (*printable != '\0' ? printable : "package");
}

static MfuPackage *
package_new (const char *name)
{
    MfuPackage *package = g_new0 (MfuPackage, 1);

    package->name = display_name (name);
    package->version.baseline = -1;
    package->version.release = -1;
    package->warnings = g_ptr_array_new_with_free_func (g_free);
    g_ptr_array_add (package->warnings, NULL);
    package->images = g_ptr_array_new_with_free_func ((GDestroyNotify) mfu_image_free);
    package->actions = g_ptr_array_new ();
    package->flashes = g_ptr_array_new ();
    package->tables = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
    package->partitions = g_array_new (FALSE, TRUE, sizeof (MfuPartition));
    return package;
}

MfuPackage *
mfu_package_open (int fd, const char *name, const MfuPackageOptions *options, GCancellable *cancellable,
                  GError **error)
{
    static const MfuPackageOptions defaults = { 0 };
    g_autoptr (MfuPackage) package = package_new (name);

    if (!mfu_package_describe (package, fd, name != NULL ? name : package->name,
                               options != NULL ? options : &defaults, cancellable, error))
        return NULL;
    return g_steal_pointer (&package);
}

void
mfu_package_free (MfuPackage *package)
{
    if (package == NULL)
        return;
    g_clear_pointer (&package->actions, g_ptr_array_unref);
    g_clear_pointer (&package->flashes, g_ptr_array_unref);
    g_clear_pointer (&package->tables, g_ptr_array_unref);
    for (gsize i = 0; i < G_N_ELEMENTS (package->loaders); i++)
        g_clear_pointer (&package->loaders[i].bytes, g_bytes_unref);
    g_clear_pointer (&package->rawprogram, mfu_rawprogram_free);
    g_clear_pointer (&package->images, g_ptr_array_unref);
    g_clear_pointer (&package->partitions, g_array_unref);
    g_clear_pointer (&package->warnings, g_ptr_array_unref);
    g_clear_pointer (&package->source, mfu_source_free);
    g_free (package->chip_id);
    g_free (package->digest);
    g_free (package->name);
    g_free (package);
}

const char *
mfu_package_get_name (const MfuPackage *package)
{
    return package->name;
}

const MfuVersionName *
mfu_package_get_version (const MfuPackage *package)
{
    return &package->version;
}

const char *
mfu_package_get_digest (const MfuPackage *package)
{
    return package->digest;
}

guint
mfu_package_get_methods (const MfuPackage *package)
{
    return package->methods;
}

const char *
mfu_package_get_chip_id (const MfuPackage *package)
{
    return package->chip_id;
}

const char *const *
mfu_package_get_warnings (const MfuPackage *package)
{
    return (const char *const *) package->warnings->pdata;
}

MfuImage *
mfu_package_get_programmer (const MfuPackage *package)
{
    return package->programmer;
}

GPtrArray *
mfu_package_get_actions (const MfuPackage *package)
{
    return package->actions;
}

gboolean
mfu_package_is_factory (const MfuPackage *package)
{
    return package->is_factory;
}

GPtrArray *
mfu_package_get_flashes (const MfuPackage *package)
{
    return package->flashes;
}

const MfuLoader *
mfu_package_get_loader (const MfuPackage *package, gboolean is_emergency)
{
    const MfuLoader *loader = &package->loaders[is_emergency ? 1 : 0];

    return loader->bytes != NULL ? loader : NULL;
}

MfuImage *
mfu_package_get_boot (const MfuPackage *package, MfuBoot which)
{
    return which < MFU_N_BOOTS ? package->boots[which] : NULL;
}

MfuImage *
mfu_package_get_nprg (const MfuPackage *package)
{
    return package->nprg;
}

GPtrArray *
mfu_package_get_tables (const MfuPackage *package)
{
    return package->tables;
}

guint
mfu_package_get_page_size (const MfuPackage *package)
{
    return package->rawprogram != NULL ? package->rawprogram->page_size : 0;
}

guint
mfu_package_get_block_size (const MfuPackage *package)
{
    return package->block_size;
}

GArray *
mfu_package_get_partitions (const MfuPackage *package)
{
    return package->partitions;
}
