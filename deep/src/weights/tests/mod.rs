mod hostile;
mod made;
mod real_files;
